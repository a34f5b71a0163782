"""Why a message that was accepted has not gone yet, in a sentence."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from .events import rfc3339
from .instances import Instance
from .queue_view import Halt
from .sending import Waiting
from .timeline import Language, Phrase

NOTES: Final[dict[str, Phrase]] = {
    "scheduled": Phrase(en="It goes at {until}.", pt="Será enviada em {until}."),
    "time_lock": Phrase(
        en="WhatsApp lets this number start no new chats until {until}; it goes then, unless it expires before.",
        pt="O WhatsApp não deixa este número iniciar conversas até {until}; ela vai depois, se não expirar antes.",
    ),
    "new_chats_refused": Phrase(
        en="WhatsApp refused a new chat (463); the next one is tried at {until}, and it waits for its turn.",
        pt="O WhatsApp recusou uma conversa nova (463); a próxima será tentada em {until}, e ela espera a sua vez.",
    ),
    "temporary_ban": Phrase(
        en="WhatsApp has banned this number until {until}; it goes when {name} is connected again.",
        pt="O WhatsApp bloqueou este número até {until}; ela será enviada quando {name} reconectar.",
    ),
    "offline": Phrase(
        en="{name} is {state}: the message waits and goes when it is connected.",
        pt="{name} está {state}: a mensagem espera e será enviada quando reconectar.",
    ),
}


def note_of(instance: Instance, waiting: Waiting, halt: Halt | None, language: Language) -> str | None:
    """What holds this message up; None when nothing does but its turn."""
    if waiting.timing.send_at is not None:
        return NOTES["scheduled"].said(language, {"until": _time(waiting.timing.send_at)})
    if halt is None or not halt.holds(waiting.lane):
        return None
    phrase = NOTES.get(halt.reason, NOTES["offline"])
    said = {"until": _time(halt.until), "name": instance.instance_name, "state": instance.state}
    return phrase.said(language, said)


def _time(moment: datetime | None) -> str:
    return rfc3339(moment) if moment is not None else "?"
