"""`python -m tests.chaos --minutes 30 [--seed N]`: storms from random seeds, and what they came to."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from random import SystemRandom
from shutil import rmtree

from tests.chaos.figures import table
from tests.chaos.plan import make_plan
from tests.chaos.stage import RECEIVERS, stage
from tests.chaos.storm import Storm


async def chaos(seed: int, minutes: float, instances: int) -> None:
    """Raises Offence when a promise was broken; the directory with all logs is then kept."""
    plan = make_plan(seed, seconds=minutes * 60, instances=instances, receivers=RECEIVERS - 1)
    directory = Path(tempfile.mkdtemp(prefix="recado-chaos-"))
    print(f"seed {seed}, {minutes:g} minutes; logs in {directory}", flush=True)
    async with stage(directory, plan) as here:
        storm = Storm(here, plan, say=lambda words: print(words, flush=True))
        await storm.run()
        print(table(storm))
    rmtree(directory)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    parser.add_argument("--instances", type=int, default=20)
    given = parser.parse_args()
    asyncio.run(chaos(given.seed, given.minutes, given.instances))
