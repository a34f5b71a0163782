"""`python -m bench`: all scenarios, a table, and build/bench.json."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .measuring import measure
from .plan import QUICK, Plan
from .report import report
from .results import Results
from .stage import stage

SCENARIOS: Final = ("receive", "send", "steady", "history", "crowd", "thousand", "search", "weight", "deliver")
OUTPUT: Final = Path(__file__).parents[1] / "build" / "bench.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Recado beside the bare engine host.")
    parser.add_argument("--quick", action="store_true", help="less of everything, each once: figures are rough")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="these scenarios alone; no aims, no file")
    parser.add_argument("--keep", action="store_true", help="leave the directory of the run and its logs")
    arguments = parser.parse_args()
    wanted = frozenset(arguments.only or SCENARIOS)
    directory = Path(tempfile.mkdtemp(prefix="recado-bench-"))
    directory.chmod(0o711)
    try:
        results = asyncio.run(_run(directory, QUICK if arguments.quick else Plan(), wanted))
    finally:
        if arguments.keep:
            print(f"▸ the logs are in {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print(report(results))
    if results.is_complete:
        OUTPUT.parent.mkdir(exist_ok=True)
        OUTPUT.write_text(json.dumps(results.as_json(), indent=2) + "\n")


async def _run(directory: Path, plan: Plan, wanted: frozenset[str]) -> Results:
    async with stage(directory, _progress(time.monotonic())) as up:
        return await measure(up, plan, wanted)


def _progress(begun: float) -> Callable[[str], None]:
    def tell(what: str) -> None:
        print(f"▸ {time.monotonic() - begun:4.0f} s  {what}", flush=True)

    return tell


if __name__ == "__main__":
    main()
