"""The calls for groups, pictures, and what others see of us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from recado.domain.engine import EngineError
from recado.domain.sync import Group, Picture
from recado.engines import whatsmeow_answers as answers
from recado.engines.rpc import RpcError
from recado.engines.whatsmeow_calls import LONG, SHORT, Calls


class SocialCalls(Calls):
    """Implements `GroupSource`, `PictureSource`, `Conversing` and `PhoneSource`."""

    async def groups(self, session: str, fence: int) -> list[Group]:
        name = await self.ask("groups", {"session": session, "fence": fence}, LONG, answers.file)
        return answers.groups(orjson.loads(self._taken(name)))

    async def group(self, session: str, fence: int, chat: str) -> Group:
        return await self.ask("group", {"session": session, "fence": fence, "chat": chat}, LONG, answers.group)

    async def picture(self, session: str, fence: int, jid: str, known: str | None, *, is_preview: bool) -> Picture:
        params = {"session": session, "fence": fence, "jid": jid, "known": known or "", "is_preview": is_preview}
        answer: dict[str, Any] = await self.ask("picture", params, LONG, dict)
        image = self._taken(str(answer["file"])) if answer.get("file") else None
        return answers.picture(answer, image)

    async def mark_read(
        self, session: str, fence: int, *, chat: str, sender: str | None, wa_ids: list[str], at: datetime
    ) -> None:
        params = {
            "session": session,
            "fence": fence,
            "chat": chat,
            "sender": sender or "",
            "ids": wa_ids,
            "at": answers.milliseconds(at),
        }
        await self.ask("mark_read", params, LONG, answers.nothing)

    async def set_presence(self, session: str, fence: int, *, is_available: bool) -> None:
        state = "available" if is_available else "unavailable"
        await self.ask("presence", {"session": session, "fence": fence, "state": state}, SHORT, answers.nothing)

    async def set_typing(self, session: str, fence: int, *, chat: str, state: str) -> None:
        params = {"session": session, "fence": fence, "chat": chat, "state": state}
        await self.ask("typing", params, SHORT, answers.nothing)

    async def watch(self, session: str, fence: int, jid: str) -> None:
        await self.ask("watch", {"session": session, "fence": fence, "jid": jid}, LONG, answers.nothing)

    async def ask_phone(self, session: str, fence: int) -> None:
        await self.ask("ask_phone", {"session": session, "fence": fence}, LONG, answers.nothing)

    def _taken(self, name: str) -> bytes:
        """What stands in a file of the exchange directory, which is gone then."""
        try:
            path = self.exchanged(name)
            content = path.read_bytes()
        except (RpcError, OSError) as error:
            raise EngineError("file", str(error)) from error
        path.unlink(missing_ok=True)
        return content
