"""The use cases of one instance on in-memory adapters, put together by the service's own container."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from adapters.memory.broker import InProcessBroker
from adapters.memory.clock import ManualClock
from adapters.memory.profiles import EmbeddedProfileLookup, InMemoryProfileDirectory
from adapters.memory.push import RecordingPush
from adapters.memory.store.contents import InMemoryStore
from application.ports.broker import Broker
from application.ports.profiles import ProfileLookup
from application.ports.push import Delivery, Push
from domain.errors import Unavailable
from domain.identifiers import Email
from domain.principal import User
from domain.rules.repeats import UNKEYED
from entrypoints.container import Container
from entrypoints.providing import replace
from entrypoints.settings.model import Settings
from entrypoints.settings.types import Duration
from entrypoints.store import MemoryStore
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


class StoreWithOutages(MemoryStore):
    """A store in memory that an `outage` takes away."""

    def __init__(self, store: InMemoryStore, outage: Outage) -> None:
        super().__init__(store)
        self.sessions = SessionsWithOutages(store, outage)
        self.messages = MessagesWithOutages(store, outage)


@dataclass
class Service:
    """Rates are a second. Lookups are cached with a `profile_ttl` (seconds) only.

    The clock of the instance is `ahead` of the store's by so many seconds. Instances may share `remembered`, the
    directory. `container` has what is not here.
    """

    broker: Broker
    rate: int = 0
    init_rate: int = 0
    read_rate: int = 0
    seen_rate: int = 0
    max_wait: float = 5
    ahead: float = 0
    lookup: ProfileLookup = field(default_factory=EmbeddedProfileLookup)
    profile_ttl: float | None = None
    remembered: InMemoryProfileDirectory | None = None
    outage: Outage = field(default_factory=Outage)
    store: InMemoryStore = field(default_factory=lambda: InMemoryStore(ManualClock(NOW)))
    push: RecordingPush = field(default_factory=RecordingPush)
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Of the settings."""

    def __post_init__(self) -> None:
        assert isinstance(self.store.clock, ManualClock)
        self.clock = self.store.clock
        container = self.container = Container(settings=msgspec.structs.replace(self._settings(), **self.changes))
        replace(
            container.clock, ManualClock(self.clock.now() + timedelta(seconds=self.ahead)) if self.ahead else self.clock
        )
        replace(container.digests, UNKEYED)  # which the repositories below have too
        replace(container.store, StoreWithOutages(self.store, self.outage))
        replace(container.broker, self.broker)
        self.remembered = self.remembered or DirectoryWithOutages(self.outage)
        replace(container.remembered, self.remembered)
        replace(container.lookup, self.lookup)
        if self.profile_ttl is None:
            container.profiles.override(self.lookup)
        self.counters = container.counters()
        self.outbox = container.store().outbox
        self.participants = container.participants()
        self.relay = container.relay()
        self.intake = container.intake()
        self.init = container.init_session()
        self.limit = container.rate_limits().sends
        self.send = container.send_message()
        self.sessions = container.list_sessions()
        self.history = container.read_history()
        self.unread = container.read_unread()
        self.seen = container.mark_seen()
        self.delivered_receipts = container.delivered_receipts()
        self.delivered = container.delivered()
        self.acks = container.acks()
        self.replay = container.replay()

    def _settings(self) -> Settings:
        return Settings(
            rate_limit=self.rate,
            rate_burst=2,
            init_rate_limit=self.init_rate,
            init_rate_burst=2,
            read_rate_limit=self.read_rate,
            read_rate_burst=2,
            seen_rate_limit=self.seen_rate,
            seen_rate_burst=2,
            max_reads_at_once=2,
            max_batch=8,
            max_pending_sends=1_000,
            max_wait=Duration(self.max_wait),
            profile_cache_ttl=Duration(self.profile_ttl or 0),
            profile_negative_ttl=Duration(self.profile_ttl or 0),
            outbox_poll=Duration(0.001),
            outbox_retention=Duration(3600),
        )

    async def start(self, push: Push | None = None) -> None:
        await self.broker.start(push or self.push)
        self.relay.start()
        self.intake.start()

    async def stop(self) -> None:
        await self.intake.stop()
        await self.relay.stop()
        await self.broker.stop()

    def destinations(self) -> list[str]:
        return [delivery.destination for delivery in self.push.deliveries]
