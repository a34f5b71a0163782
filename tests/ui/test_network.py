"""The network of the stories goes on by itself: what is asked of it comes about while nothing here runs."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.ui.desk import Desk

pytestmark = pytest.mark.engine

ARRIVED = """
SELECT 1 FROM public.whatsapp_messages WHERE wa_id = %s
"""


def test_a_message_is_delivered_and_confirmed_while_no_loop_runs(shared_desk: Desk):
    control = shared_desk.site.network.control.control

    def ask(path: str, **body: str) -> dict:
        request = urllib.request.Request(control + path, data=json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    ask("/contacts", phone="5511988880301", name="Nina")
    [id] = ask("/contacts/5511988880301/send", to=shared_desk.phone.number, text="Alguém aí?")["ids"]
    while id in {row["id"] for row in ask("/ledger?confirmed=false")["rows"]}:
        pass
    assert shared_desk.sql(ARRIVED, id) == [(1,)]
