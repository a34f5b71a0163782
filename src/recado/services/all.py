"""All services in one value, as the runtime puts them together for the API and the pages."""

from __future__ import annotations

from dataclasses import dataclass

from recado.clock import Clock
from recado.services.access import Keys
from recado.services.conversing import Conversations
from recado.services.delivery.streams import Streams
from recado.services.delivery.webhooks import Webhooks
from recado.services.life.instances import Instances
from recado.services.readiness import Readiness
from recado.services.reading.chats import Chats
from recado.services.reading.contacts import Contacts
from recado.services.reading.events import Events
from recado.services.reading.groups import Groups
from recado.services.reading.inbox import Inbox
from recado.services.reading.messages import Messages
from recado.services.reading.overviews import Overviews
from recado.services.reading.tallies import Tallies
from recado.services.reading.threads import Threads
from recado.services.receiving.history import Histories
from recado.services.receiving.pictures import Pictures
from recado.services.receiving.portraits import Portraits
from recado.services.sending.outgoing import Outgoing
from recado.services.sign_in import SignIns
from recado.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the API and the pages call, put together by the runtime."""

    database: Database
    clock: Clock
    keys: Keys
    sign_ins: SignIns
    instances: Instances
    tallies: Tallies
    messages: Messages
    chats: Chats
    contacts: Contacts
    inbox: Inbox
    threads: Threads
    outgoing: Outgoing
    histories: Histories
    groups: Groups
    pictures: Pictures
    portraits: Portraits
    conversations: Conversations
    webhooks: Webhooks
    streams: Streams
    readiness: Readiness
    events: Events
    overviews: Overviews
