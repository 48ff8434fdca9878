"""Everything that is kept, behind its ports, in PostgreSQL or in memory."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from adapters.memory.messages import InMemoryMessageRepository
from adapters.memory.outbox import InMemoryOutbox
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.sessions import InMemorySessionRepository
from adapters.memory.store import InMemoryStore
from adapters.postgres.condition import Condition, condition_of
from adapters.postgres.database import create_engine
from adapters.postgres.failures import Failure as DatabaseFailure
from adapters.postgres.messages import PostgresMessageRepository
from adapters.postgres.migrations import is_current, upgrade
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions import PostgresSessionRepository
from adapters.postgres.watch import DatabaseWatch
from adapters.system.clock import SystemClock
from application.ports.messages import MessageRepository
from application.ports.outbox import Outbox
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionRepository
from domain.errors import Unavailable
from entrypoints.reachable import reaching
from entrypoints.settings.failures import Failure
from entrypoints.settings.model import MEMORY, Settings


class SchemaOutdated(Failure):
    """The database has an older schema than this version works on."""


class Pool(NamedTuple):
    """`size` is how many connections there may be."""

    database: str
    size: int
    in_use: int


class Store(Protocol):
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def messages(self) -> MessageRepository: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def directory(self) -> ProfileDirectory: ...

    async def prepare(self) -> None:
        """Raises `SchemaOutdated`, `NewerSchema`, `Failure` when the database cannot be reached, and what the driver
        says when it refuses.
        """
        ...

    @property
    def failure(self) -> DatabaseFailure | None:
        """Of the outage that lasts; None when everything works."""
        ...

    def pools(self) -> Sequence[Pool]: ...

    def watch(self) -> None:
        """Begins to notice outages without traffic, and their ends; until `close`."""
        ...

    async def check(self) -> None:
        """Raises `Unavailable` with the cause when it does not do what it should."""
        ...

    async def close(self) -> None: ...


class MemoryStore:
    """As long as the process lives: for tests of clients and of the domain, which start at once and leave nothing."""

    def __init__(self) -> None:
        store = InMemoryStore(SystemClock())
        self.sessions = InMemorySessionRepository(store)
        self.messages = InMemoryMessageRepository(store)
        self.outbox = InMemoryOutbox(store)
        self.directory = InMemoryProfileDirectory()

    @property
    def failure(self) -> None: ...

    def pools(self) -> Sequence[Pool]:
        return ()

    async def prepare(self) -> None: ...

    def watch(self) -> None: ...

    async def check(self) -> None: ...

    async def close(self) -> None: ...


class PostgresStore:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = self._connect(settings.database_url, "the database")
        self._watch = DatabaseWatch(self._engine, writable=True)
        self._watches = [self._watch]
        self._replica: AsyncEngine | None = None
        if settings.database_replica_url:
            self._replica = self._connect(settings.database_replica_url, "the replica")
            self._watches.append(DatabaseWatch(self._replica, writable=False))
        self.sessions = PostgresSessionRepository(self._engine)
        self.messages = PostgresMessageRepository(self._engine, self._replica, patience=settings.database_timeout)
        self.outbox = PostgresOutbox(self._engine)
        self.directory = PostgresProfileDirectory(self._engine)

    def _connect(self, url: str, name: str) -> AsyncEngine:
        return create_engine(
            str(url),
            pool_size=self._settings.database_pool_size,
            timeout=self._settings.database_timeout,
            condition=Condition(name),
        )

    @property
    def failure(self) -> DatabaseFailure | None:
        return condition_of(self._engine).failure

    async def prepare(self) -> None:
        with reaching(str(self._settings.database_url)):
            await self._prepare(str(self._settings.database_url))

    async def _prepare(self, url: str) -> None:
        if self._settings.migrate_on_start:
            await upgrade(url)
        elif not await is_current(url):
            raise SchemaOutdated("the database has an older schema than this version: run `chat-service migrate` first")

    def pools(self) -> Sequence[Pool]:
        engines = {"primary": self._engine, "replica": self._replica}
        return [
            Pool(name, engine.pool.size(), engine.pool.checkedout())
            for name, engine in engines.items()
            if engine is not None and isinstance(engine.pool, QueuePool)
        ]

    def watch(self) -> None:
        for watch in self._watches:
            watch.start()

    async def check(self) -> None:
        try:
            await self._watch.check()
        except Unavailable as error:
            raise Unavailable(self.failure.cause if self.failure else error.detail) from error

    async def close(self) -> None:
        for watch in self._watches:
            await watch.stop()
        await self.messages.stop()
        for engine in (self._engine, self._replica):
            if engine is not None:
                await engine.dispose()


def open_store(settings: Settings) -> Store:
    return MemoryStore() if settings.database_url == MEMORY else PostgresStore(settings)
