"""Whatever comes first, messages, names, settings, groups or who is who: it ends in one contact and one chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recado.domain.jid import Identity
from recado.domain.sync import AppStateItem
from recado.services.receiving.app_state_effects import Effects
from recado.store import app_state, identities, log
from recado.store.database import Database
from tests.stillclock import START, StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, LID, PHONE, PHONE_JID, House

MS = str(int(START.timestamp() * 1000))
LATER = str(int(START.timestamp() * 1000) + 1)
PEOPLE = """
SELECT id, phone_number, lid, name, is_saved, push_name FROM whatsapp_contacts
WHERE merged_into IS NULL AND instance_id = %s
"""
CHATS = """
SELECT id, is_archived, pinned_at IS NOT NULL, muted_until::text, unread_count FROM whatsapp_chats
WHERE merged_into IS NULL AND kind = 'person' AND instance_id = %s
"""
MEMBERS = "SELECT contact_id, role FROM whatsapp_group_members WHERE instance_id = %s"
STRAYS = """
SELECT count(*) FROM whatsapp_messages m JOIN whatsapp_chats h ON h.id = m.chat_id
WHERE m.instance_id = %s AND h.merged_into IS NOT NULL
"""


async def sync(house: House, *items: tuple[tuple[str, ...], dict]) -> None:
    """Entries of app state come, as the service writes them."""
    entries = [AppStateItem(index=index, value={"timestamp": MS} | value) for index, value in items]
    async with house.database.transaction(locks=identities.locks([house.id])) as tx:
        effects = Effects(tx, house.id, house.name, house.clock, is_silent=False)
        reading = await app_state.begin(tx, house.id, "any")
        await effects.apply(await app_state.keep(tx, house.id, "any", reading.number, entries))
        await log.append(tx, effects.events)


def entering(who: Identity) -> dict:
    phone = f"{who.phone}@s.whatsapp.net" if who.phone else ""
    person = {"JID": who.lid or phone, "PhoneNumber": phone, "LID": who.lid or "", "IsAdmin": True}
    return {"JID": GROUP, "Name": "Equipe", "Participants": [person]}


Step = Callable[[House], Awaitable[None]]


def named(jid: str, name: str, at: str = MS, **fields: str) -> tuple[tuple[str, ...], dict]:
    return ("contact", jid), {"timestamp": at, "contactAction": {"fullName": name} | fields}


NAMINGS = st.sampled_from(
    [
        [named(PHONE_JID, "Maria")],
        [named(LID, "Maria")],
        [named(PHONE_JID, "Maria", lidJID=LID)],
        [named(LID, "Maria", pnJID=PHONE_JID)],
        [named(PHONE_JID, "Mariazinha"), named(LID, "Maria", at=LATER)],
        [named(LID, "Mariazinha"), named(PHONE_JID, "Maria", at=LATER)],
    ]
)
SIDES = st.sampled_from([LID, PHONE_JID])


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """Every step once, in any order; who is who is said in one of them at least."""
    naming, archived, pinned = draw(NAMINGS), draw(SIDES), draw(SIDES)
    member = draw(st.sampled_from([BY_LID, BY_PHONE, BY_BOTH]))
    old = {"timestamp": MS, "archiveChatAction": {"archived": False}}
    new = {"timestamp": LATER, "archiveChatAction": {"archived": True}}
    other = PHONE_JID if archived == LID else LID
    steps: list[Step] = [
        lambda house: house.hear(house.text("1", who=BY_PHONE, push_name="Mari")),
        lambda house: house.hear(house.text("2", who=BY_LID, push_name="Mari")),
        lambda house: house.hear(house.text("3", who=BY_BOTH)),
        lambda house: house.hear(house.text("4", who=BY_LID, chat=GROUP)),
        lambda house: house.hear(house.notice("JoinedGroup", entering(member))),
        lambda house: sync(house, *naming),
        lambda house: sync(house, (("archive", other), old), (("archive", archived), new)),
        lambda house: sync(house, (("pin_v1", pinned), {"pinAction": {"pinned": True}})),
        lambda house: sync(house, (("mute", LID), {"muteAction": {"muted": True, "muteEndTimestamp": "-1"}})),
    ]
    return draw(st.permutations(steps))


async def test_it_comes_to_the_same_in_every_order(db: Database, clock: StillClock):
    told: list[list[Step]] = []

    @given(steps=stories())
    @settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def gather(steps: list[Step]) -> None:
        told.append(steps)

    gather()
    for n, steps in enumerate(told):
        house = await House(db, clock, f"loja-{n}").open()
        for step in steps:
            await step(house)
        await assert_right(house)


async def assert_right(house: House) -> None:
    [(contact, *who)] = await house.rows(PEOPLE, house.id)
    assert who == [PHONE, LID, "Maria", True, "Mari"]
    [(_, *kept)] = await house.rows(CHATS, house.id)
    assert kept == [True, True, "infinity", 3]
    assert await house.rows(MEMBERS, house.id) == [(contact, "admin")]
    assert await house.value(STRAYS, house.id) == 0
    assert len(await house.messages()) == 4
