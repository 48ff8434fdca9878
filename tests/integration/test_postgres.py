"""PostgreSQL as it really behaves: migrations raced, the server gone and back."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import create_engine
from adapters.postgres.messages import PostgresMessageRepository
from adapters.postgres.migrations import is_current, upgrade
from adapters.postgres.sessions import PostgresSessionRepository
from adapters.postgres.tables import metadata
from application.ports.messages import Repeated, Stored
from domain.errors import Unavailable
from entrypoints.embedded_postgres import EmbeddedPostgres
from tests.support.databases import Databases
from tests.support.people import NOW, draft, envelope, person, session_of


async def test_ten_instances_migrate_an_empty_database_at_once(databases: Databases) -> None:
    url = await databases.empty()
    assert not await is_current(url)
    await asyncio.gather(*(upgrade(url) for _ in range(10)))
    assert await is_current(url)
    await databases.drop(url)


async def test_the_migrations_make_the_tables_that_the_code_knows(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert differences == []


@pytest.fixture
async def own_postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server that the test may hurt; its commits do wait for the disk."""
    server = EmbeddedPostgres(tmp_path)
    await upgrade(server.start())
    yield server
    server.stop()


async def test_an_outage_is_unavailable_and_over_when_it_is_over(own_postgres: EmbeddedPostgres) -> None:
    engine = create_engine(own_postgres.url)
    messages, sessions = PostgresMessageRepository(engine), PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))
    first = draft(session, ann, bob, "before")
    (stored,) = await messages.append([first], NOW, NOW, envelope)
    assert isinstance(stored, Stored)

    own_postgres.stop(signal.SIGQUIT)  # as after a crash
    for _ in range(3):
        with pytest.raises(Unavailable):
            await messages.append([draft(session, ann, bob, "during")], NOW, NOW, envelope)
        with pytest.raises(Unavailable):
            await sessions.find(session.id)

    own_postgres.start()
    (again,) = await messages.append([first], NOW, NOW, envelope)
    assert isinstance(again, Repeated)
    assert again.message == stored.message
    (after,) = await messages.append([draft(session, ann, bob, "after")], NOW, NOW, envelope)
    assert isinstance(after, Stored)
    assert [message.content for message in await messages.latest(session.id, 10)] == ["before", "after"]
    await engine.dispose()


async def test_history_is_read_from_the_primary_while_the_replica_is_away(engine: AsyncEngine) -> None:
    replica = create_engine("postgresql://nobody@127.0.0.1:1/none")
    messages, sessions = PostgresMessageRepository(engine, replica), PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))
    await messages.append([draft(session, ann, bob)], NOW, NOW, envelope)
    assert len(await messages.latest(session.id, 10)) == 1
    await replica.dispose()
