"""Talk: fills the threads of an untidy history with messages, and notes what must be known of each."""

from __future__ import annotations

from random import Random

from recado_simulator.disorder.contents import Content, answered, attached, edited, said, text_as
from recado_simulator.disorder.people import Named, Person
from recado_simulator.disorder.threads import Thread
from recado_simulator.disorder.truth import ExpectedMessage
from recado_simulator.disorder.words import sentence
from recado_simulator.history import HistoryMessage, Status, Stub

OWN_IN_GROUP, OWN_IN_CHAT = 1 / 7, 9 / 20
SAME_SECOND = 1 / 10
PAUSE = 1 / 9_000  # the mean is 9,000 seconds
STUBS, ATTACHMENTS, ANSWERS, EDITS = 1 / 33, 1 / 8, 1 / 10, 1 / 60
GROUP_STUBS = (Stub.GROUP_PARTICIPANT_ADD, Stub.GROUP_PARTICIPANT_LEAVE, Stub.GROUP_CHANGE_SUBJECT)
CHAT_STUBS = (Stub.E2E_ENCRYPTED, Stub.CALL_MISSED_VOICE, Stub.E2E_IDENTITY_CHANGED)
OWN_STATUSES = (Status.SERVER_ACK, Status.DELIVERY_ACK, Status.READ, Status.PLAYED)
BY_NOBODY = 1 / 4  # of a group's stubs do not say who did it
NEAR = 20  # how far back a quote goes
STUB = "stub"
TEXTS = ("conversation", "extendedTextMessage")
TWICE = "3A5555AAAA5555AAAA55"  # an id that several chats have, as ids are unique in a chat alone
SHARING = 40


class Talk:
    """What is said in one thread, from the oldest message to the newest."""

    def __init__(self, source: Random, thread: Thread) -> None:
        self._source = source
        self._thread = thread
        self._silent = [person for person in thread.people if person.named is Named.MESSAGE]
        self._quotable: list[tuple[str, str, str]] = []

    def fill(self, count: int) -> None:
        """So many messages, and edits of some of them."""
        for place, at in enumerate(self._times(count), start=1):
            self._utter(place, at)

    def garble(self) -> None:
        """A message that nobody can read."""
        self._thread.unreadable.append(HistoryMessage(id="", at=self._thread.last_at, text="?", place=0))

    def _times(self, count: int) -> list[int]:
        """Seconds since 1970 that end in the thread's last; some messages share theirs with the one before."""
        source, at = self._source, self._thread.last_at
        times = []
        for _ in range(count):
            times.append(at)
            at -= 0 if source.random() < SAME_SECOND else 1 + int(source.expovariate(PAUSE))
        return times[::-1]

    def _utter(self, place: int, at: int) -> None:
        source, thread = self._source, self._thread
        person = self._speaker()
        sender = "" if person is None else thread.address(person) if thread.is_group else thread.jid
        id = TWICE if place == 1 and thread.n % SHARING == 0 else self._id()
        if source.random() < STUBS:
            self._happen(id, place, at, sender)
            return
        content, quoted = self._content()
        status = None if sender else source.choice(OWN_STATUSES)
        message = HistoryMessage(
            id=id,
            at=at,
            content=content.message,
            is_from_me=not sender,
            sender=sender if thread.is_group else "",
            push_name=self._push_name(person),
            status=status,
            secret=source.randbytes(32),
            place=place,
        )
        text = self._edit(message, content) if quoted is None and content.kind in TEXTS else None
        if content.text is not None and text is None and sender:
            self._quotable.append((id, sender, content.text))
        expected = ExpectedMessage(
            chat=thread.jid,
            id=id,
            place=place,
            at=at,
            is_from_me=not sender,
            sender=sender,
            kind=content.kind,
            text=text or content.text,
            quoted=quoted,
            status=status.name if status is not None else None,
            stub="",
            is_edited=text is not None,
        )
        thread.told.append((message, expected))

    def _speaker(self) -> Person | None:
        """Who speaks next, None for oneself; those whose name only a message tells come first."""
        source, thread = self._source, self._thread
        if thread.person is not None:
            return None if source.random() < OWN_IN_CHAT else thread.person
        if self._silent:
            return self._silent.pop()
        return None if source.random() < OWN_IN_GROUP else source.choice(thread.people)

    def _push_name(self, person: Person | None) -> str:
        if person is None or person.named not in (Named.MESSAGE, Named.PUSH):
            return ""
        if person.named is Named.PUSH and self._source.random() < 1 / 2:
            return ""
        person.has_spoken = True
        return person.name

    def _content(self) -> tuple[Content, str | None]:
        """What is said, and the text that it answers."""
        source, dice = self._source, self._source.random()
        if dice < ATTACHMENTS:
            return attached(source), None
        text = sentence(source)
        if dice < ATTACHMENTS + ANSWERS and self._quotable:
            id, author, quoted = source.choice(self._quotable[-NEAR:])
            return answered(text, id, author, quoted), quoted
        return said(source, text), None

    def _edit(self, message: HistoryMessage, content: Content) -> str | None:
        """Perhaps changes a text afterwards: the new one."""
        source, thread = self._source, self._thread
        if source.random() >= EDITS:
            return None
        text = f"{content.text} (corrigido ✏️)"
        changed = text_as(content.kind, text).message
        at = message.at + 1 + source.randrange(800)
        is_wrapped = source.random() < 1 / 2
        body = edited(changed, thread.jid, message.id, at * 1000, is_from_me=message.is_from_me, is_wrapped=is_wrapped)
        thread.edits[len(thread.told)] = HistoryMessage(
            id=self._id(),
            at=at,
            content=body,
            is_from_me=message.is_from_me,
            sender=message.sender,
            push_name=message.push_name,
            status=message.status,
            place=message.place,
        )
        return text

    def _happen(self, id: str, place: int, at: int, sender: str) -> None:
        """Something that is no message."""
        source, thread, is_from_me = self._source, self._thread, not sender
        stub = source.choice(GROUP_STUBS if thread.is_group else CHAT_STUBS)
        if thread.is_group and source.random() < BY_NOBODY:
            sender = ""
        params = (thread.subject,) if stub is Stub.GROUP_CHANGE_SUBJECT else (sender or thread.jid,)
        message = HistoryMessage(
            id=id,
            at=at,
            is_from_me=is_from_me,
            sender=sender if thread.is_group else "",
            stub=stub,
            stub_params=params,
            place=place,
        )
        expected = ExpectedMessage(
            chat=thread.jid,
            id=id,
            place=place,
            at=at,
            is_from_me=is_from_me,
            sender=sender,
            kind=STUB,
            text=None,
            quoted=None,
            status=None,
            stub=stub.name,
            is_edited=False,
        )
        thread.told.append((message, expected))

    def _id(self) -> str:
        return f"3A{self._source.randbytes(9).hex().upper()}"
