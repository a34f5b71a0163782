"""The calls for what the phone has: pieces of history, collections of app state."""

from __future__ import annotations

import base64
import contextlib
import secrets
from collections.abc import Iterator
from typing import Any, Final

from recado.domain.engine import EngineError
from recado.domain.sync import AppStateFetched, HistoryFetched, OldestKnown
from recado.engines import whatsmeow_answers as answers
from recado.engines.whatsmeow_calls import LONG, VERY_LONG, Calls

_BY_FRAME: Final = 256 * 1024


class SyncCalls(Calls):
    """Implements `HistorySource` and `AppStateSource`."""

    async def fetch_history(self, session: str, fence: int, id: str, notification: bytes) -> HistoryFetched:
        with self._told(notification) as told:
            params = {"session": session, "fence": fence, "id": id} | told
            return await self.ask("history", params, VERY_LONG, answers.history_fetched)

    async def end_history(
        self, session: str, fence: int, wa_id: str | None, notification: bytes, *, is_lost: bool
    ) -> None:
        with self._told(notification) as told:
            params = {"session": session, "fence": fence, "message_id": wa_id or "", "is_lost": is_lost} | told
            await self.ask("history_done", params, LONG, answers.nothing)

    async def ask_history(self, session: str, fence: int, oldest: OldestKnown, count: int) -> str:
        params = {
            "session": session,
            "fence": fence,
            "chat": oldest.chat,
            "oldest_id": oldest.wa_id,
            "oldest_from_me": oldest.from_me,
            "oldest_at": answers.milliseconds(oldest.at),
            "count": count,
        }
        return await self.ask("history_request", params, LONG, answers.history_request)

    async def fetch_app_state(self, session: str, fence: int, collection: str, version: int | None) -> AppStateFetched:
        params: dict[str, Any] = {"session": session, "fence": fence, "collection": collection, "version": version}
        return await self.ask("app_state", params, VERY_LONG, answers.app_state_fetched)

    @contextlib.contextmanager
    def _told(self, notification: bytes) -> Iterator[dict[str, str]]:
        """A notification as a param: by file when it holds the piece itself and is large."""
        if len(notification) <= _BY_FRAME:
            yield {"notification": base64.b64encode(notification).decode("ascii")}
            return
        path = self.host.program.exchange / f"call-{secrets.token_hex(16)}"
        try:
            path.write_bytes(notification)
            yield {"file": path.name}
        except OSError as error:
            raise EngineError("file", str(error), may_retry=True) from error
        finally:
            path.unlink(missing_ok=True)
