"""How the whatsmeow host is asked: one call, its answer as a value, its failures as EngineError."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from recado.domain.engine import EngineError
from recado.engines import whatsmeow_answers as answers
from recado.engines.host import Host
from recado.engines.rpc import FrameTooLarge, PeerGone, RpcError

SHORT: Final = timedelta(seconds=15)
LONG: Final = timedelta(seconds=60)
VERY_LONG: Final = timedelta(minutes=11)  # the host itself gives up after ten

T = TypeVar("T")


class Calls:
    """What every group of calls shares: the host, and how to ask it."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def exchanged(self, name: str) -> Path:
        """A file that the host wrote. Raises RpcError."""
        path = self.host.program.exchange / name
        if name.startswith(".") or "/" in name or not path.is_file():
            raise RpcError(-32009, f"{name} is not a file of the exchange directory", {"kind": "file"})
        return path

    async def ask(
        self, method: str, params: dict[str, Any], timeout: timedelta, read: Callable[[dict[str, Any]], T]
    ) -> T:
        is_send = method == "send"
        try:
            answer = await self.host.call(method, params, timeout)
        except RpcError as error:
            raise answers.engine_error(error, is_send=is_send) from error
        except PeerGone as error:
            uncertain = is_send and error.was_written
            raise EngineError("host_down", str(error), may_retry=True, is_uncertain=uncertain) from error
        except TimeoutError as error:
            raise EngineError("timeout", str(error), may_retry=True, is_uncertain=is_send) from error
        except (FrameTooLarge, orjson.JSONEncodeError) as error:
            raise EngineError("invalid_message", str(error)) from error
        try:
            return read(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineError("internal", f"an odd answer to {method}: {error!r}", is_uncertain=is_send) from error
