"""What news of people makes of what was known of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from recado.domain.contacts import Contact
from recado.domain.identities import Merge, News, Settlement, settle
from recado.domain.jid import Identity

HOUSE = UUID(int=1)
PHONE, LID = "5511988887777", "100200300@lid"
BOTH = Identity(phone=PHONE, lid=LID)


def ids() -> Callable[[], UUID]:
    counter = itertools.count(1_000)
    return lambda: UUID(int=next(counter))


def contact(number: int, *, phone: str | None = None, lid: str | None = None, push_name: str | None = None) -> Contact:
    return Contact(id=UUID(int=number), instance_id=HOUSE, phone_number=phone, lid=lid, push_name=push_name)


def hear(*identities: Identity, known: tuple[Contact, ...] = ()) -> Settlement:
    return settle([News(instance_id=HOUSE, identity=identity) for identity in identities], known, ids())


def test_a_stranger_becomes_one_new_contact_with_all_that_was_said():
    found = hear(BOTH, BOTH)
    assert [(one.phone_number, one.lid) for one in found.created] == [(PHONE, LID)]


def test_news_of_someone_known_changes_nothing():
    assert hear(BOTH, Identity(phone=PHONE), Identity(lid=LID), known=(contact(1, phone=PHONE, lid=LID),)).is_quiet


def test_a_lid_is_added_to_a_contact_known_by_number():
    found = hear(BOTH, known=(contact(1, phone=PHONE),))
    assert found.changed == [contact(1, phone=PHONE, lid=LID)]
    assert not found.created


def test_a_number_is_added_to_a_contact_known_by_lid():
    found = hear(BOTH, known=(contact(1, lid=LID),))
    assert found.changed == [contact(1, phone=PHONE, lid=LID)]


def test_two_contacts_that_are_one_are_merged_into_the_older():
    for number_first in (True, False):
        by_phone, by_lid = (1, 2) if number_first else (2, 1)
        found = hear(BOTH, known=(contact(by_phone, phone=PHONE), contact(by_lid, lid=LID)))
        assert found.merges == [Merge(instance_id=HOUSE, survivor_id=UUID(int=1), loser_id=UUID(int=2))]
        assert found.changed == [contact(1, phone=PHONE, lid=LID)]


def test_who_was_new_a_moment_ago_is_no_merge():
    found = hear(Identity(phone=PHONE), Identity(lid=LID), BOTH)
    assert not found.merges
    assert len(found.created) == 1
    assert len(set(found.ids.values())) == 1


def test_a_stored_contact_survives_a_new_one_whatever_their_ids():
    known = contact(5_000, lid=LID)
    found = hear(Identity(phone=PHONE), BOTH, known=(known,))
    assert found.changed == [contact(5_000, phone=PHONE, lid=LID)]
    assert not found.created


def test_a_number_that_moves_to_another_lid_leaves_the_first_owner():
    first = contact(1, phone=PHONE, lid="9@lid")
    found = hear(BOTH, known=(first,))
    assert found.contacts[first.id] == contact(1, lid="9@lid")
    assert found.released == [first.id]
    assert [(one.phone_number, one.lid) for one in found.created] == [(PHONE, LID)]


def test_a_person_who_changes_the_number_keeps_the_id():
    known = contact(1, phone="5511900000000", lid=LID)
    found = hear(BOTH, known=(known,))
    assert found.changed == [contact(1, phone=PHONE, lid=LID)]


def test_the_number_that_was_given_up_belongs_to_nobody_until_somebody_new_has_it():
    known = (contact(1, phone=PHONE), contact(2, phone="5511900000000", lid=LID))
    found = hear(BOTH, Identity(phone="5511900000000"), known=known)
    assert [one.phone_number for one in found.created] == ["5511900000000"]


def test_the_name_somebody_goes_by_is_kept_through_silence():
    news = [News(instance_id=HOUSE, identity=BOTH, push_name="Maria"), News(instance_id=HOUSE, identity=BOTH)]
    assert [one.push_name for one in settle(news, (), ids()).created] == ["Maria"]


def test_instances_do_not_share_people():
    news = [News(instance_id=UUID(int=number), identity=BOTH) for number in (1, 2)]
    assert len(settle(news, (), ids()).created) == 2


identities = st.builds(
    Identity,
    phone=st.sampled_from([None, "1", "2", "3"]),
    lid=st.sampled_from([None, "1@lid", "2@lid", "3@lid"]),
).filter(lambda identity: identity.phone or identity.lid)


@given(st.lists(st.lists(identities, max_size=4), max_size=6))
def test_nobody_shares_a_number_or_a_lid_whatever_is_heard(batches: list[list[Identity]]):
    rows: dict[UUID, Contact] = {}
    new_id = ids()
    for batch in batches:
        found = settle([News(instance_id=HOUSE, identity=one) for one in batch], list(rows.values()), new_id)
        for merge in found.merges:
            del rows[merge.loser_id]
        rows |= {one.id: one for one in (*found.created, *found.changed)}
        phones = [row.phone_number for row in rows.values() if row.phone_number]
        lids = [row.lid for row in rows.values() if row.lid]
        assert len(phones) == len(set(phones))
        assert len(lids) == len(set(lids))
        assert all(row.phone_number or row.lid for row in rows.values())
        assert set(found.ids.values()) <= set(rows)
        if batch:
            last = batch[-1]
            holder = rows[found.ids[HOUSE, last]]
            assert last.phone in (None, holder.phone_number)
            assert last.lid in (None, holder.lid)
