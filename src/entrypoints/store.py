"""Everything that is kept, behind its ports, in PostgreSQL or in memory."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.memory.messages import InMemoryMessageRepository
from adapters.memory.outbox import InMemoryOutbox
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.sessions import InMemorySessionRepository
from adapters.memory.store import InMemoryStore
from adapters.postgres.database import create_engine, ping
from adapters.postgres.messages import PostgresMessageRepository
from adapters.postgres.migrations import is_current, upgrade
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions import PostgresSessionRepository
from application.ports.messages import MessageRepository
from application.ports.outbox import Outbox
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionRepository
from entrypoints.failures import Failure
from entrypoints.settings import MEMORY, Settings


class SchemaOutdated(Failure):
    """The database has an older schema than this version works on."""


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
        """Raises `SchemaOutdated`, `NewerSchema`, and what the driver says when the database cannot be reached."""
        ...

    async def ping(self) -> None:
        """Raises `Unavailable` when it does not answer."""
        ...

    async def close(self) -> None: ...


class MemoryStore:
    """As long as the process lives: for tests of clients and of the domain, which start at once and leave nothing."""

    def __init__(self) -> None:
        store = InMemoryStore()
        self.sessions = InMemorySessionRepository(store)
        self.messages = InMemoryMessageRepository(store)
        self.outbox = InMemoryOutbox(store)
        self.directory = InMemoryProfileDirectory()

    async def prepare(self) -> None: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class PostgresStore:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = self._connect(settings.database_url)
        self._replica = self._connect(settings.database_replica_url) if settings.database_replica_url else None
        self.sessions = PostgresSessionRepository(self._engine)
        self.messages = PostgresMessageRepository(self._engine, self._replica)
        self.outbox = PostgresOutbox(self._engine)
        self.directory = PostgresProfileDirectory(self._engine)

    def _connect(self, url: str) -> AsyncEngine:
        return create_engine(
            str(url), pool_size=self._settings.database_pool_size, timeout=self._settings.database_timeout
        )

    async def prepare(self) -> None:
        url = str(self._settings.database_url)
        if self._settings.migrate_on_start:
            await upgrade(url)
        elif not await is_current(url):
            raise SchemaOutdated("the database has an older schema than this version: run `chat-service migrate` first")

    async def ping(self) -> None:
        await ping(self._engine)

    async def close(self) -> None:
        for engine in (self._engine, self._replica):
            if engine is not None:
                await engine.dispose()


def open_store(settings: Settings) -> Store:
    return MemoryStore() if settings.database_url == MEMORY else PostgresStore(settings)
