"""What an engine has to keep that tells of history, app state, groups, pictures and presence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recado.domain.engine import EngineError, Receipt
from recado.domain.sync import AppStateItem, AppStateItems, HistoryBatch, OldestKnown, Presence, Typing
from tests.engines.harness import round_trips
from tests.engines.harness_sync import SyncHarness, notices, offered, ready
from tests.waiting import until

NAMES = "critical_unblock_low"


def batches(harness: SyncHarness) -> list[HistoryBatch]:
    return [one for one in harness.listener.heard if isinstance(one, HistoryBatch)]


def told(harness: SyncHarness) -> list[str | None]:
    """The texts of history, in the order of time."""
    messages = [one for batch in batches(harness) for one in batch.messages]
    return [one.incoming.text for one in sorted(messages, key=lambda one: one.place)]


def names(harness: SyncHarness) -> list[str]:
    items: list[AppStateItem] = [
        item for one in harness.listener.heard if isinstance(one, AppStateItems) for item in one.items
    ]
    return [item.value["contactAction"]["fullName"] for item in items if item.index[0] == "contact"]


def signs(harness: SyncHarness) -> list[Receipt]:
    return [one for one in harness.listener.heard if isinstance(one, Receipt) and one.is_from_phone]


class HistoryContract:
    """A subclass provides the fixture `harness`."""

    async def test_a_piece_is_offered_then_fetched_then_ended(self, harness: SyncHarness):
        await ready(harness)
        notice = await offered(harness, "one", "two", "three")
        fetched = await harness.engine.fetch_history("s1", 1, "p1", notice.notification)
        assert (fetched.conversations, fetched.messages, fetched.skipped) == (1, 3, 0)
        assert told(harness) == ["one", "two", "three"]
        assert {batch.id for batch in batches(harness)} == {"p1"}
        await harness.engine.end_history("s1", 1, notice.wa_id, notice.notification, is_lost=False)
        await until(lambda: has_heard(harness, "hist_sync"))

    async def test_a_chat_comes_before_its_messages_and_who_is_who_with_it(self, harness: SyncHarness):
        await ready(harness)
        notice = await offered(harness, "one")
        await harness.engine.fetch_history("s1", 1, "p1", notice.notification)
        [conversation] = batches(harness)[0].conversations
        [message] = batches(harness)[0].messages
        assert conversation.identity.phone == harness.somebody()
        assert message.incoming.chat_identity.phone == harness.somebody()

    async def test_many_messages_come_in_batches_of_at_most_200(self, harness: SyncHarness):
        await ready(harness)
        texts = [f"número {n}" for n in range(450)]
        notice = await offered(harness, *texts)
        fetched = await harness.engine.fetch_history("s1", 1, "p1", notice.notification)
        assert fetched.messages == 450
        assert max(len(batch.messages) for batch in batches(harness)) <= 200
        assert told(harness) == texts

    async def test_an_offer_that_was_not_stored_comes_again_after_the_next_connect(self, harness: SyncHarness):
        await ready(harness)
        harness.listener.refuse("s1")
        await harness.offer_history("s1", ["one"])
        await harness.listener.until(lambda: harness.listener.refusals)
        harness.listener.accept("s1")
        await harness.engine.stop("s1", 1)
        await harness.engine.start("s1", 2)
        await harness.listener.until(lambda: notices(harness))
        await harness.listener.signalled("connected", "s1", count=2)
        fetched = await harness.engine.fetch_history("s1", 2, "p1", notices(harness)[0].notification)
        assert fetched.messages == 1

    async def test_a_batch_that_was_not_stored_fails_the_fetch_and_the_next_brings_all(self, harness: SyncHarness):
        await ready(harness)
        notice = await offered(harness, "one", "two")
        harness.listener.refuse("s1")
        with pytest.raises(EngineError):
            await harness.engine.fetch_history("s1", 1, "p1", notice.notification)
        harness.listener.accept("s1")
        await harness.engine.fetch_history("s1", 1, "p1", notice.notification)
        assert told(harness) == ["one", "two"]

    @pytest.mark.parametrize(("trouble", "kind"), [("gone", "gone"), ("hash", "file"), ("zlib", "file")])
    async def test_a_piece_that_cannot_be_had_is_hopeless_and_the_phone_hears_of_it(
        self, harness: SyncHarness, trouble, kind
    ):
        await ready(harness)
        notice = await offered(harness, "one", trouble=trouble)
        with pytest.raises(EngineError) as caught:
            await harness.engine.fetch_history("s1", 1, "p1", notice.notification)
        assert (caught.value.kind, caught.value.may_retry) == (kind, False)
        await harness.engine.end_history("s1", 1, notice.wa_id, notice.notification, is_lost=True)
        await until(lambda: has_heard(harness, "server-error"))

    async def test_older_messages_are_asked_for_and_come_as_a_piece_of_that_request(self, harness: SyncHarness):
        await ready(harness)
        await harness.answers_requests("s1", ["older"])
        chat = f"{harness.somebody()}@s.whatsapp.net"
        oldest = OldestKnown(chat=chat, wa_id="M1", from_me=False, at=datetime(2026, 1, 1, tzinfo=UTC))
        request = await harness.engine.ask_history("s1", 1, oldest, 50)
        await harness.listener.until(lambda: [one for one in notices(harness) if one.request == request])
        await harness.engine.fetch_history("s1", 1, "p1", notices(harness)[-1].notification)
        assert told(harness) == ["older"]


async def has_heard(harness: SyncHarness, type: str) -> bool:
    return type in await harness.has_heard("s1")


class AppStateContract:
    """A subclass provides the fixture `harness`."""

    async def test_a_collection_comes_whole_when_nothing_is_known_of_it(self, harness: SyncHarness):
        await ready(harness)
        await harness.save_name("s1", harness.somebody(), "Maria")
        fetched = await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        assert (fetched.was_full, fetched.version > 0, names(harness)) == (True, True, ["Maria"])

    async def test_afterwards_only_what_has_changed_comes(self, harness: SyncHarness):
        await ready(harness)
        await harness.save_name("s1", harness.somebody(), "Maria")
        first = await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        await harness.save_name("s1", harness.nobody(), "Ana")
        second = await harness.engine.fetch_app_state("s1", 1, NAMES, first.version)
        third = await harness.engine.fetch_app_state("s1", 1, NAMES, second.version)
        assert names(harness) == ["Maria", "Ana"]
        assert [one.was_full for one in (first, second, third)] == [True, False, False]
        assert second.version == third.version > first.version

    async def test_another_version_than_the_engine_has_brings_all_again(self, harness: SyncHarness):
        await ready(harness)
        await harness.save_name("s1", harness.somebody(), "Maria")
        fetched = await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        again = await harness.engine.fetch_app_state("s1", 1, NAMES, fetched.version - 1)
        assert (again.was_full, again.version, names(harness)) == (True, fetched.version, ["Maria", "Maria"])

    async def test_what_was_taken_away_is_counted(self, harness: SyncHarness):
        await ready(harness)
        await harness.save_name("s1", harness.somebody(), "Maria")
        before = await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        await harness.forget_name("s1", harness.somebody())
        after = await harness.engine.fetch_app_state("s1", 1, NAMES, before.version)
        assert (before.removed, after.removed, after.was_full) == (0, 1, False)

    async def test_what_was_taken_away_does_not_come_with_all_the_others(self, harness: SyncHarness):
        await ready(harness)
        await harness.save_name("s1", harness.somebody(), "Maria")
        await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        await harness.save_name("s1", harness.nobody(), "Ana")
        await harness.forget_name("s1", harness.somebody())
        fetched = await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        assert (fetched.was_full, names(harness)) == (True, ["Maria", "Ana"])

    async def test_entries_that_were_not_stored_fail_the_fetch_and_come_again(self, harness: SyncHarness):
        await ready(harness)
        await harness.save_name("s1", harness.somebody(), "Maria")
        first = await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        await harness.save_name("s1", harness.nobody(), "Ana")
        harness.listener.refuse("s1")
        with pytest.raises(EngineError):
            await harness.engine.fetch_app_state("s1", 1, NAMES, first.version)
        harness.listener.accept("s1")
        again = await harness.engine.fetch_app_state("s1", 1, NAMES, first.version)
        assert (again.was_full, sorted(names(harness))) == (True, ["Ana", "Maria", "Maria"])

    async def test_a_change_is_signalled_and_comes_to_nobody_who_does_not_ask(self, harness: SyncHarness):
        await ready(harness)
        before = harness.listener.types("s1").count("app_state_changed")
        await harness.save_name("s1", harness.somebody(), "Maria")
        signal = await harness.listener.signalled("app_state_changed", "s1", count=before + 1)
        await round_trips(harness.engine, "s1")
        assert (signal.data, names(harness)) == ({"collection": NAMES}, [])

    async def test_wrong_data_is_an_error_that_may_pass_and_changes_nothing(self, harness: SyncHarness):
        await ready(harness)
        await harness.save_name("s1", harness.somebody(), "Maria")
        await harness.spoil_names("s1")
        with pytest.raises(EngineError) as caught:
            await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        assert (caught.value.kind, caught.value.may_retry, names(harness)) == ("server", True, [])
        fetched = await harness.engine.fetch_app_state("s1", 1, NAMES, None)
        assert (fetched.was_full, names(harness)) == (True, ["Maria"])


class SocialContract:
    """A subclass provides the fixture `harness`."""

    async def test_groups_are_listed_with_their_members(self, harness: SyncHarness):
        await ready(harness)
        jid = await harness.add_group("s1", "Equipe")
        [group] = await harness.engine.groups("s1", 1)
        roles = {member.identity.phone: member.role for member in group.members}
        assert (group.jid, group.subject) == (jid, "Equipe")
        assert roles[harness.phone_of("s1")] == "member"
        assert roles[harness.somebody()] in ("admin", "superadmin")

    async def test_one_group_is_described(self, harness: SyncHarness):
        await ready(harness)
        jid = await harness.add_group("s1", "Equipe")
        assert (await harness.engine.group("s1", 1, jid)).subject == "Equipe"

    async def test_a_group_that_there_is_not_is_refused(self, harness: SyncHarness):
        await ready(harness)
        with pytest.raises(EngineError) as caught:
            await harness.engine.group("s1", 1, "120363000000000001@g.us")
        assert (caught.value.kind, caught.value.server_code) == ("server", 404)

    async def test_a_picture_comes_once(self, harness: SyncHarness):
        await ready(harness)
        await harness.set_picture(b"jpeg")
        jid = f"{harness.somebody()}@s.whatsapp.net"
        first = await harness.engine.picture("s1", 1, jid, None, is_preview=False)
        second = await harness.engine.picture("s1", 1, jid, first.id, is_preview=False)
        assert (first.image, second.id, second.image) == (b"jpeg", first.id, None)

    async def test_no_picture_and_a_hidden_one_are_told_apart(self, harness: SyncHarness):
        await ready(harness)
        jid = f"{harness.somebody()}@s.whatsapp.net"
        none = await harness.engine.picture("s1", 1, jid, None, is_preview=True)
        await harness.set_picture(b"jpeg")
        await harness.hide_picture()
        hidden = await harness.engine.picture("s1", 1, jid, None, is_preview=True)
        assert [(one.id, one.why) for one in (none, hidden)] == [(None, "none"), (None, "hidden")]

    async def test_our_presence_and_typing_are_seen(self, harness: SyncHarness):
        await ready(harness)
        await harness.engine.fetch_app_state("s1", 1, "critical_block", None)  # the name that goes with it
        await harness.engine.set_presence("s1", 1, is_available=True)
        await until(lambda: sees(harness, "presence", "available"))
        chat = f"{harness.somebody()}@s.whatsapp.net"
        await harness.engine.set_typing("s1", 1, chat=chat, state="recording")
        await until(lambda: sees(harness, "typing", "recording"))

    async def test_somebodys_typing_and_presence_are_told(self, harness: SyncHarness):
        await ready(harness)
        await harness.engine.fetch_app_state("s1", 1, "critical_block", None)
        await harness.engine.set_presence("s1", 1, is_available=True)
        await until(lambda: sees(harness, "presence", "available"))
        await harness.engine.watch("s1", 1, f"{harness.somebody()}@s.whatsapp.net")
        await harness.be_there(is_available=True)
        await harness.listener.until(lambda: [one for one in heard(harness, Presence) if one.is_available])
        await harness.type("s1", "composing")
        await harness.listener.until(lambda: heard(harness, Typing))
        assert [one.state for one in heard(harness, Typing)] == ["composing"]

    async def test_a_message_that_is_marked_read_is_so_for_who_wrote_it(self, harness: SyncHarness):
        await ready(harness)
        wa_id = await harness.write("s1", "Olá!")
        await harness.listener.until(lambda: harness.listener.texts("s1"))
        [message] = harness.listener.messages("s1")
        at = datetime.now(UTC)
        await harness.engine.mark_read("s1", 1, chat=message.chat, sender=None, wa_ids=[wa_id], at=at)
        await until(lambda: harness.is_read("s1", wa_id))

    async def test_the_own_phone_gives_a_sign_when_it_is_asked_for_one(self, harness: SyncHarness):
        await ready(harness)
        await harness.engine.ask_phone("s1", 1)
        await harness.listener.until(lambda: signs(harness))
        assert {sign.type for sign in signs(harness)} == {"peer_msg"}

    async def test_an_older_fence_does_nothing_of_all_this(self, harness: SyncHarness):
        engine = harness.engine
        await engine.start("s1", 2)
        calls = [
            engine.groups("s1", 1),
            engine.set_presence("s1", 1, is_available=True),
            engine.fetch_app_state("s1", 1, NAMES, None),
            engine.fetch_history("s1", 1, "p1", b"\x08\x03"),
        ]
        for call in calls:
            with pytest.raises(EngineError) as caught:
                await call
            assert caught.value.kind == "stale_fence"


async def sees(harness: SyncHarness, what: str, state: str) -> bool:
    seen = await (harness.sees_presence("s1") if what == "presence" else harness.sees_typing("s1"))
    return seen == state


def heard(harness: SyncHarness, kind: type) -> list:
    return [one for one in harness.listener.heard if isinstance(one, kind)]
