"""The use cases of one instance on in-memory adapters, wired as the container wires them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.caching.lookup import CachedProfileLookup
from adapters.memory.broker import InProcessBroker
from adapters.memory.clock import ManualClock
from adapters.memory.outbox import InMemoryOutbox
from adapters.memory.profiles import EmbeddedProfileLookup, InMemoryProfileDirectory
from adapters.memory.push import RecordingPush
from adapters.memory.store import InMemoryStore
from adapters.system.ids import Uuid7Generator
from application.access.confirmed_profiles import ConfirmedProfiles
from application.access.participants import Participants
from application.access.personal_lookups import PersonalLookups
from application.access.rate_limit import RateLimit
from application.access.read_limit import ReadLimit
from application.concurrency.batcher import Batcher
from application.concurrency.write_behind import WriteBehind
from application.delivery.delivered_receipts import DeliveredReceipts
from application.delivery.message_intake import MessageIntake
from application.delivery.outbox_relay import DispatchSettings, OutboxDispatcher
from application.delivery.replay import Replay
from application.diagnostics.counters import Counters
from application.ports.broker import Broker
from application.ports.profiles import ProfileLookup
from application.ports.push import Delivery, Push
from application.use_cases.init_session import InitSession
from application.use_cases.list_sessions import ListSessions
from application.use_cases.mark_delivered import MarkDelivered
from application.use_cases.mark_seen import MarkSeen
from application.use_cases.read_history import ReadHistory
from application.use_cases.read_unread import ReadUnread
from application.use_cases.send_message import SendMessage
from domain.errors import Unavailable
from domain.identifiers import Email, MessageId
from domain.outbox import RetryPolicy
from domain.principal import User
from tests.support.memory.outages import DirectoryWithOutages, MessagesWithOutages, Outage, SessionsWithOutages
from tests.support.people import NOW

ANN, BOB, EVE = (User(Email(f"{name}@example.org"), NOW + timedelta(hours=1)) for name in ("ann", "bob", "eve"))


class AwayBroker(InProcessBroker):
    """A broker that can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()
        self.ready.set()

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        if not self.ready.is_set():
            raise Unavailable
        await super().publish(deliveries)

    async def wait_ready(self) -> None:
        await self.ready.wait()


@dataclass
class Service:
    """Lookups are cached with a `profile_ttl` (seconds) only. Instances may share `remembered`, the directory."""

    broker: Broker
    rate: float = 0
    init_rate: float = 0
    read_rate: float = 0
    seen_rate: float = 0
    max_wait: float = 5
    lookup: ProfileLookup = field(default_factory=EmbeddedProfileLookup)
    profile_ttl: float | None = None
    remembered: InMemoryProfileDirectory | None = None
    outage: Outage = field(default_factory=Outage)
    store: InMemoryStore = field(default_factory=lambda: InMemoryStore(ManualClock(NOW)))
    push: RecordingPush = field(default_factory=RecordingPush)
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        assert isinstance(self.store.clock, ManualClock)
        self.clock = self.store.clock
        ids = Uuid7Generator()
        self.remembered = self.remembered or DirectoryWithOutages(self.outage)
        lookup = self.lookup
        if self.profile_ttl is not None:
            lookup = CachedProfileLookup(self.lookup, self.remembered, self.clock, ttl=self.profile_ttl)
        directory = ConfirmedProfiles(self.remembered, lookup)
        sessions = SessionsWithOutages(self.store, self.outage)
        messages = MessagesWithOutages(self.store, self.outage)
        self.outbox = InMemoryOutbox(self.store)
        self.participants = Participants(sessions, lookup, directory, self.clock)
        settings = DispatchSettings(poll_interval=0.001)
        self.dispatcher = OutboxDispatcher(self.outbox, self.broker, directory, self.counters, RetryPolicy(), settings)
        self.intake = MessageIntake(
            messages,
            self.dispatcher,
            ids,
            self.clock,
            self.counters,
            max_batch=8,
            max_pending=1_000,
            at_once=3,
            patience=5,
            max_wait=self.max_wait,
        )
        reads = ReadLimit(RateLimit(self.clock, self.read_rate, burst=2), max_at_once=2)
        personal = PersonalLookups(lookup)
        self.init = InitSession(
            personal, directory, sessions, ids, self.clock, RateLimit(self.clock, self.init_rate, burst=2)
        )
        self.limit = RateLimit(self.clock, self.rate, burst=2)
        self.send = SendMessage(self.participants, self.intake, self.limit, ids)
        self.sessions = ListSessions(personal, directory, sessions, reads)
        self.history = ReadHistory(self.participants, messages, reads)
        self.unread = ReadUnread(self.participants, messages, reads)
        self.seen = MarkSeen(
            self.participants, messages, self.broker, self.clock, RateLimit(self.clock, self.seen_rate, burst=2)
        )
        self.delivered_receipts = DeliveredReceipts(messages, self.participants, self.broker, self.clock)
        mark_delivered = MarkDelivered(messages, self.delivered_receipts.note)
        self.delivered: WriteBehind[MessageId] = WriteBehind("delivered marks", mark_delivered)
        self.acks: Batcher[Sequence[MessageId], None] = Batcher(
            "acks", mark_delivered.durably, max_batch=8, max_pending=1_000
        )
        self.replay = Replay(self.participants, messages, directory, self.delivered)

    async def start(self, push: Push | None = None) -> None:
        await self.broker.start(push or self.push)
        self.dispatcher.start()
        self.intake.start()

    async def stop(self) -> None:
        await self.intake.stop()
        await self.dispatcher.stop()
        await self.broker.stop()

    def destinations(self) -> list[str]:
        return [delivery.destination for delivery in self.push.deliveries]
