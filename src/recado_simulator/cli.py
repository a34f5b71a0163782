"""The command line: `recado-simulator serve`."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from recado_simulator.control import Control
from recado_simulator.network import Network
from recado_simulator.options import NetworkOptions
from recado_simulator.tokens import TokensMissing


def main() -> None:
    """Runs the command in `sys.argv`; ends with 1 and one sentence when it cannot."""
    arguments = parser().parse_args()
    seed = arguments.seed if arguments.seed is not None else secrets.randbits(32)
    options = NetworkOptions(
        seed=seed,
        port=arguments.port,
        state_dir=arguments.state,
        save=arguments.save,
        confirm=arguments.confirm,
    )
    try:
        run(serve(options, arguments.control_port))
    except (TokensMissing, OSError) as error:
        sys.exit(f"recado-simulator: {error}")


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="recado-simulator", description="A WhatsApp network on loopback.")
    commands = root.add_subparsers(required=True, metavar="command")
    command = commands.add_parser("serve", help="listen until POST /stop, SIGINT or SIGTERM")
    command.add_argument("--port", type=int, default=0, help="of the network; 0: chosen by the system")
    command.add_argument("--control-port", type=int, default=0, help="of the control API; 0: chosen by the system")
    command.add_argument("--state", type=Path, metavar="DIR", help="keep accounts and linked devices across restarts")
    command.add_argument(
        "--save",
        choices=("soon", "end", "never"),
        default="soon",
        help="when the state is written: after each change, at a clean end, not at all",
    )
    command.add_argument("--seed", type=int, help="of all randomness; a new one unless given")
    command.add_argument(
        "--confirm", choices=("first", "delivery"), default="first", help="what ends redelivery of a message"
    )
    return root


async def serve(options: NetworkOptions, control_port: int) -> None:
    """Says on one line where everything is, then serves until it is told to stop."""
    async with Network(options) as network:
        control = Control(network)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, control.stopped.set)
        url = await control.start(control_port)
        try:
            said = {"network": network.url, "root_key": network.root_key, "control": url, "seed": options.seed}
            print(json.dumps(said), flush=True)
            await control.stopped.wait()
        finally:
            await control.stop()


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


if __name__ == "__main__":
    main()
