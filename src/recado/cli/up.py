"""`recado up`: all of Recado in one process, until it is asked to end."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from cyclopts import App

from recado.runtime import Runtime, running
from recado.settings import Settings, read_settings
from recado.telemetry import configure_log

from . import loop

app = App(name="up", help="Start Recado. Settings: RECADO_… in the environment or in .env (docs/settings.md).")


@app.default
def up() -> None:
    """Start Recado and stay until Ctrl-C or SIGTERM."""
    settings = read_settings()
    configure_log(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=loop.factory) as runner:
        runner.run(_up(settings))


async def _up(settings: Settings) -> None:
    with loop.ended_by_signals() as asked:
        try:
            async with running(settings) as runtime:
                print(_greeting(runtime), flush=True)
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not asked.is_set():
                raise


def _greeting(runtime: Runtime) -> str:
    lines = [f"✅ Recado {version('recado')} is up at {runtime.address}"]
    if runtime.admin_key is None:
        lines += ["   `recado open` prints a link that signs you in."]
    else:
        lines += [
            "",
            f"🔑 Your admin key, shown this once: {runtime.admin_key}",
            f"👉 Open it in your browser (this link works once, for 15 minutes): {runtime.link}",
            "",
            "   Next, in another terminal:",
            "     recado instance create loja                       # pair a phone by QR",
            '     recado message send loja +5511999990000 "Olá!"    # send with it',
            "     recado webhook create https://example.com/hook    # be told of what comes in",
        ]
    return "\n".join(lines)
