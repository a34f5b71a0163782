"""A story of the log: whatever happens, it tells no text, no secret and no whole number of anybody."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from recado.domain.errors import RecadoError
from recado_simulator.contact import Contact
from recado_simulator.network import Network
from recado_simulator.phone import Phone
from tests.sinks.receiver import answering, receiving
from tests.stories.ears import received
from tests.stories.product import Product, product
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]
ADMIN_KEY = "hush-admin-key-of-more-than-32-characters"
RANDOM = b"hush-raw-bytes" + bytes(range(128, 200))
ENOUGH_TO_BE_DOWN = 12
TOLD = {
    *("api.request", "engine.attached", "instance.connected", "instance.awaiting_scan", "engine.restarting"),
    *("webhook.failing", "instance.logged_out"),
}


@pytest.fixture
def phone(network: Network) -> Phone:
    return network.add_phone("5511912345001", name="hush-own-name")


@pytest.fixture
def maria(network: Network) -> Contact:
    return network.add_contact("5511987654002", name="hush-maria")


class Diary:
    """What the product wrote, and what it must not have written."""

    def __init__(self, recado: Product, *words: str) -> None:
        self.recado = recado
        self.words = ["hush", *words]

    @property
    def text(self) -> str:
        return self.recado.log.read_text()

    @property
    def events(self) -> set[str]:
        return {json.loads(line)["event"] for line in self.text.splitlines() if line.startswith("{")}

    @property
    def told(self) -> list[str]:
        """Whole lines, so that a failure says where."""
        return [line for line in self.text.splitlines() if any(word in line for word in self.words)]


async def refused(recado: Product, method: str, path: str, body: object = None, **query: str) -> None:
    with pytest.raises(RecadoError):
        await recado.call(method, path, body, **query)


async def every_refusal(recado: Product, maria: Contact) -> None:
    messages = "/v1/instances/loja/messages"
    await refused(recado, "POST", messages, {"to": "hush-nobody", "text": "hush-1"})
    await refused(recado, "POST", messages, {"to": f"+{maria.phone}", "text": "hush-2", "hush-field": 1})
    await refused(recado, "POST", messages, {"to": f"+{maria.phone}", "text": "hush-3", "quoted": "hush-4"})
    await refused(recado, "POST", messages, {"to": f"+{maria.phone}", "text": "hush\ud800"})
    await refused(recado, "GET", messages, search="hush-5", after="hush-6")
    await refused(recado, "POST", "/v1/webhooks", {"url": "http://hush-host.invalid/?token=hush-7"})
    await refused(recado, "GET", "/v1/events", ticket="hush-ticket")


async def test_it_tells_no_text_no_secret_and_no_whole_number(tmp_path, network, database_url, phone, maria):
    async with receiving(answering(500, "hush-answer")) as receiver:
        settings = {"database_url": database_url, "admin_key": ADMIN_KEY, "allow_private_webhooks": "127.0.0.1"}
        async with product(tmp_path, network, **settings) as recado:
            await recado.call("POST", "/v1/instances", {"instance_name": "loja"})
            await recado.until_state("loja", "awaiting_scan")
            qr = (await recado.call("GET", "/v1/instances/loja/qr"))["qr"]
            await phone.scan(qr)
            await recado.until_state("loja", "connected")
            hook = {"url": receiver.url + "?token=hush-token", "headers": {"X-Token": "hush-header"}}
            webhook = await recado.call("POST", "/v1/webhooks", hook)
            key = await recado.call("POST", "/v1/keys", {"name": "hush-key", "scopes": ["events"]})
            diary = Diary(recado, qr, phone.phone, maria.phone, webhook["secret"], key["secret"], key["secret"][4:])

            for n in range(ENOUGH_TO_BE_DOWN):  # each in a chat of its own: what fails holds up its chat alone
                someone = network.add_contact(f"55119876543{n:02}", name=f"hush-someone {n}")
                diary.words.append(someone.phone)
                await someone.send_text(phone, f"hush-incoming {n} {maria.phone}")
            await maria.send(phone, RANDOM)
            await received(recado, ENOUGH_TO_BE_DOWN + 1)
            sent = {"to": f"+{maria.phone}", "text": "hush-outgoing"}
            keyed = {"Idempotency-Key": "hush-idempotency"}
            await recado.call("POST", "/v1/instances/loja/messages", sent, headers=keyed, wait="sent")
            await every_refusal(recado, maria)
            await until(lambda: "webhook.failing" in diary.events)

            seen = len(await recado.steps("loja"))
            os.kill(recado.host_pid, signal.SIGKILL)
            await until(lambda: "engine.restarting" in diary.events)
            await recado.until_step("loja", "connected", seen)
            await phone.unlink()
            await recado.until_state("loja", "logged_out")
        assert diary.told == []
        assert diary.events >= TOLD


async def test_a_log_that_tells_what_it_is_given_is_caught(tmp_path, network, database_url, phone):
    """A mutant: nothing is withheld."""
    talkative = str(Path(__file__).parents[1] / "mutants" / "talkative.py")
    async with product(
        tmp_path, network, program=(talkative,), database_url=database_url, admin_key=ADMIN_KEY
    ) as recado:
        await recado.pair("loja", phone)
    assert Diary(recado, phone.phone).told != []
