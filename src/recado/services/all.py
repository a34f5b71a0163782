"""All services in one value, as the runtime puts them together for the API and the pages."""

from __future__ import annotations

from dataclasses import dataclass

from recado.clock import Clock
from recado.services.access import Keys
from recado.services.chats import Chats
from recado.services.contacts import Contacts
from recado.services.conversing import Conversations
from recado.services.events import Events
from recado.services.groups import Groups
from recado.services.history import Histories
from recado.services.inbox import Inbox
from recado.services.instances import Instances
from recado.services.messages import Messages
from recado.services.outgoing import Outgoing
from recado.services.overviews import Overviews
from recado.services.pictures import Pictures
from recado.services.portraits import Portraits
from recado.services.readiness import Readiness
from recado.services.sign_in import SignIns
from recado.services.streams import Streams
from recado.services.tallies import Tallies
from recado.services.threads import Threads
from recado.services.webhooks import Webhooks
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
