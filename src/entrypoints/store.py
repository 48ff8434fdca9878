"""Opens the store: PostgreSQL, or memory."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.store.blocks import InMemoryBlockRepository
from adapters.memory.store.contents import InMemoryStore
from adapters.memory.store.conversations import InMemoryConversationRepository
from adapters.memory.store.growth import InMemoryGrowthReader
from adapters.memory.store.message_changes import InMemoryMessageChanges
from adapters.memory.store.messages import InMemoryMessageRepository
from adapters.memory.store.outbox import InMemoryOutbox
from adapters.memory.store.sessions import InMemorySessionRepository
from adapters.memory.store.showing import InMemoryShowingRepository
from adapters.memory.store.sync import InMemorySyncStore
from adapters.memory.store.unread import InMemoryUnreadRepository
from adapters.postgres.connection.condition import Condition, condition_of
from adapters.postgres.connection.database import create_engine
from adapters.postgres.connection.failures import Failure as DatabaseFailure
from adapters.postgres.connection.lock_turns import LockTurns
from adapters.postgres.connection.watch import DatabaseWatch
from adapters.postgres.messages.changes import PostgresMessageChanges
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.schema.growth import PostgresGrowthReader
from adapters.postgres.schema.migrations import is_current, upgrade
from adapters.postgres.sessions.blocks import PostgresBlockRepository
from adapters.postgres.sessions.conversations import PostgresConversationRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.postgres.sessions.showing import PostgresShowingRepository
from adapters.postgres.sessions.sync import PostgresSyncStore
from adapters.postgres.sessions.unread import PostgresUnreadRepository
from application.ports.blocks import BlockRepository
from application.ports.changes.message_changes import MessageChanges
from application.ports.changes.sync import SyncStore
from application.ports.clock import Clock
from application.ports.conversations import ConversationRepository
from application.ports.growth import GrowthReader
from application.ports.messages import MessageRepository
from application.ports.outbox import Outbox
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionRepository
from application.ports.showing import ShowingRepository
from application.ports.unread import UnreadRepository
from domain.errors import Unavailable
from domain.rules.repeats import UNKEYED, SentDigests
from entrypoints.reachable import reaching
from entrypoints.settings.failures import Failure
from entrypoints.settings.model import MEMORY, Settings


class SchemaOutdated(Failure):
    """The schema of the database is older than this version needs."""


class Pool(NamedTuple):
    """A pool of database connections. `size` is the largest number of connections."""

    database: str
    size: int
    in_use: int


class Store(Protocol):
    """The ports of the store, and its life."""

    @property
    def sessions(self) -> SessionRepository:
        """The sessions."""
        ...

    @property
    def messages(self) -> MessageRepository:
        """The messages."""
        ...

    @property
    def changes(self) -> MessageChanges:
        """The changes of messages and sessions."""
        ...

    @property
    def conversations(self) -> ConversationRepository:
        """Each side's own state of a session."""
        ...

    @property
    def showing(self) -> ShowingRepository:
        """What users show of themselves."""
        ...

    @property
    def blocks(self) -> BlockRepository:
        """Whom users have blocked."""
        ...

    @property
    def unread(self) -> UnreadRepository:
        """What somebody has not read."""
        ...

    @property
    def sync(self) -> SyncStore:
        """What has changed since a position."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The outbox."""
        ...

    @property
    def directory(self) -> ProfileDirectory:
        """The profiles."""
        ...

    @property
    def growth(self) -> GrowthReader:
        """The sizes of tables."""
        ...

    async def start(self) -> None:
        """Checks or migrates the schema, and begins to notice outages without traffic. Call it once.

        Raises `SchemaOutdated`, `NewerSchema`, `Failure` when the database cannot be reached, and the error of the
        driver when it refuses.
        """
        ...

    @property
    def failure(self) -> DatabaseFailure | None:
        """The failure of the outage that lasts. None when everything works."""
        ...

    def pools(self) -> Sequence[Pool]:
        """The pools of connections, by name."""
        ...

    async def check(self) -> None:
        """Raises `Unavailable` with the cause when the store does not work."""
        ...

    async def close(self) -> None:
        """Closes all connections. Idempotent."""
        ...


class MemoryStore:
    """A store that lives as long as the process. For tests: starts at once, and leaves nothing behind."""

    def __init__(self, store: InMemoryStore, digests: SentDigests = UNKEYED) -> None:
        self.sessions = InMemorySessionRepository(store)
        self.messages = InMemoryMessageRepository(store, digests)
        self.changes = InMemoryMessageChanges(store)
        self.conversations = InMemoryConversationRepository(store)
        self.showing = InMemoryShowingRepository(store)
        self.blocks = InMemoryBlockRepository(store)
        self.unread = InMemoryUnreadRepository(store)
        self.sync = InMemorySyncStore(store)
        self.outbox = InMemoryOutbox(store)
        self.directory = InMemoryProfileDirectory()
        self.growth = InMemoryGrowthReader(store)

    @property
    def failure(self) -> None:
        """None."""
        ...

    def pools(self) -> Sequence[Pool]:
        """None."""
        return ()

    async def start(self) -> None:
        """Does nothing."""
        ...

    async def check(self) -> None:
        """Does nothing."""
        ...

    async def close(self) -> None:
        """Does nothing."""
        ...


class PostgresStore:
    """A store in PostgreSQL, with an optional replica for reads."""

    def __init__(self, settings: Settings, digests: SentDigests) -> None:
        self._settings = settings
        self._engine = self._connect(settings.database_url, "the database")
        self._watch = DatabaseWatch(self._engine, writable=True)
        self._watches = [self._watch]
        self._replica: AsyncEngine | None = None
        if settings.database_replica_url:
            self._replica = self._connect(settings.database_replica_url, "the replica")
            self._watches.append(DatabaseWatch(self._replica, writable=False))
        turns = LockTurns(self._engine)
        self.sessions = PostgresSessionRepository(self._engine, turns)
        self.messages = PostgresMessageRepository(
            self._engine, self._replica, patience=settings.database_timeout, digests=digests
        )
        self.changes = PostgresMessageChanges(self._engine, turns)
        self.conversations = PostgresConversationRepository(self._engine, turns)
        self.showing = PostgresShowingRepository(self._engine, turns)
        self.blocks = PostgresBlockRepository(self._engine, turns)
        self.unread = PostgresUnreadRepository(self._engine, turns)
        self.sync = PostgresSyncStore(self._engine)
        self.outbox = PostgresOutbox(self._engine)
        self.directory = PostgresProfileDirectory(self._engine)
        self.growth = PostgresGrowthReader(self._engine)

    def _connect(self, url: str, name: str) -> AsyncEngine:
        return create_engine(
            str(url),
            pool_size=self._settings.database_pool_size,
            timeout=self._settings.database_timeout,
            condition=Condition(name),
        )

    @property
    def failure(self) -> DatabaseFailure | None:
        """The failure of the outage that lasts."""
        return condition_of(self._engine).failure

    async def start(self) -> None:
        """Migrates or checks the schema, and starts to watch the database."""
        with reaching(str(self._settings.database_url)):
            await self._prepare(str(self._settings.database_url))
        for watch in self._watches:
            watch.start()

    async def _prepare(self, url: str) -> None:
        if self._settings.migrate_on_start:
            await upgrade(url)
        elif not await is_current(url):
            raise SchemaOutdated("the database has an older schema than this version: run `chat-service migrate` first")

    def pools(self) -> Sequence[Pool]:
        """The pools of the database and of the replica."""
        engines = {"primary": self._engine, "replica": self._replica}
        return [
            Pool(name, engine.pool.size(), engine.pool.checkedout())
            for name, engine in engines.items()
            if engine is not None and isinstance(engine.pool, QueuePool)
        ]

    async def check(self) -> None:
        """Asks the database. Raises `Unavailable`."""
        try:
            await self._watch.check()
        except Unavailable as error:
            raise Unavailable(self.failure.cause if self.failure else error.detail) from error

    async def close(self) -> None:
        """Closes all connections."""
        for watch in self._watches:
            await watch.stop()
        await self.messages.stop()
        for engine in (self._engine, self._replica):
            if engine is not None:
                await engine.dispose()


def open_store(settings: Settings, clock: Clock, digests: SentDigests) -> Store:
    """The store that `CHAT_DATABASE_URL` names. `clock` is for a store in memory; a database has its own clock."""
    if settings.database_url == MEMORY:
        return MemoryStore(InMemoryStore(clock), digests)
    return PostgresStore(settings, digests)
