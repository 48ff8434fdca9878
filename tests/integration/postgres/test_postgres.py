"""PostgreSQL as it really behaves: migrations raced, the server gone and back."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine, driver_connection, driver_transaction, transaction
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.schema.migrations import HISTORIES, NewerSchema, is_current, upgrade, upgrade_sql
from adapters.postgres.schema.tables import metadata
from adapters.postgres.sessions.repository import PostgresSessionRepository
from application.ports.messages import Repeated, Stored
from domain.errors import Unavailable
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from tests.support.eventually import eventually
from tests.support.network.proxy import Proxy
from tests.support.people import DUE_AT_ONCE, draft, envelope, person, session_of
from tests.support.postgres.databases import Databases
from tests.support.postgres.storing import store


async def test_ten_instances_migrate_an_empty_database_at_once(databases: Databases) -> None:
    url = await databases.empty()
    assert not await is_current(url)
    await asyncio.gather(*(upgrade(url) for _ in range(10)))
    assert await is_current(url)
    await databases.drop(url)


def is_ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name not in HISTORIES.values()


async def test_the_migrations_make_the_tables_that_the_code_knows(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"include_name": is_ours}), metadata)
        )
        options = await connection.execute(text("SELECT relname, reloptions FROM pg_class WHERE relname LIKE 'chat_%'"))
        made = {name: dict(option.split("=") for option in given or ()) for name, given in options}
    assert differences == []
    for table in metadata.sorted_tables:  # Alembic does not compare these
        wanted = table.dialect_options["postgresql"]["with"] or {}
        assert made[table.name] == {name: str(value) for name, value in wanted.items()}


async def test_the_sql_alone_makes_the_same_schema(databases: Databases) -> None:
    url = await databases.empty()
    connection = await asyncpg.connect(url)
    await connection.execute(upgrade_sql())
    await connection.close()
    assert await is_current(url)
    await databases.drop(url)


async def test_a_newer_compatible_revision_is_no_obstacle_and_another_is(
    engine: AsyncEngine, database_url: str
) -> None:
    async with driver_connection(engine) as connection:
        await connection.execute("UPDATE alembic_compatible_version SET version_num = 'c9999'")
    assert await is_current(database_url)
    await upgrade(database_url)
    async with driver_connection(engine) as connection:
        assert await connection.fetchval("SELECT version_num FROM alembic_compatible_version") == "c9999"
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerSchema):
        await upgrade(database_url)
    with pytest.raises(NewerSchema):
        await is_current(database_url)


async def test_version_0_1_0_finds_the_revision_that_it_knows(engine: AsyncEngine) -> None:
    async with driver_connection(engine) as connection:
        assert [row[0] for row in await connection.fetch("SELECT version_num FROM alembic_version")] == ["0001"]
        assert await connection.fetchval("SELECT to_regclass('chat_messages_sender')") is None


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
    (stored,) = await messages.append([first], DUE_AT_ONCE, envelope)
    assert isinstance(stored, Stored)

    own_postgres.stop(signal.SIGQUIT)  # as after a crash
    for _ in range(3):
        with pytest.raises(Unavailable):
            await messages.append([draft(session, ann, bob, "during")], DUE_AT_ONCE, envelope)
        with pytest.raises(Unavailable):
            await sessions.find(session.id)

    own_postgres.start()
    (again,) = await messages.append([first], DUE_AT_ONCE, envelope)
    assert isinstance(again, Repeated)
    assert again.message == stored.message
    (after,) = await messages.append([draft(session, ann, bob, "after")], DUE_AT_ONCE, envelope)
    assert isinstance(after, Stored)
    assert [message.content for message in await messages.latest(session.id, 10)] == ["before", "after"]
    await engine.dispose()


async def test_no_call_is_refused_for_connections_that_a_restart_has_closed(own_postgres: EmbeddedPostgres) -> None:
    engine = create_engine(own_postgres.url, pool_size=10)
    messages, sessions = PostgresMessageRepository(engine), PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))
    async with AsyncExitStack() as all_at_once:
        drivers = [await all_at_once.enter_async_context(driver_transaction(engine)) for _ in range(10)]

    await asyncio.to_thread(own_postgres.stop)
    await asyncio.to_thread(own_postgres.start)
    await eventually(lambda: all(driver.is_closed() for driver in drivers))

    drafts = [draft(session, ann, bob) for _ in range(25)]
    appends = (store(messages, [one]) for one in drafts)
    answers, found = await asyncio.gather(asyncio.gather(*appends), sessions.find(session.id))
    assert all(isinstance(outcome, Stored) for (outcome,) in answers)
    assert found == session
    await engine.dispose()


async def test_a_connection_that_was_ended_and_does_not_know_it_yet_is_given_up(own_postgres: EmbeddedPostgres) -> None:
    url = make_url(own_postgres.url)
    assert url.port is not None
    async with Proxy(url.port) as proxy:
        engine = create_engine(url.set(port=proxy.port).render_as_string(hide_password=False), pool_size=1)
        async with driver_connection(engine) as driver:
            pid = driver.get_server_pid()
        proxy.hold_ends()
        operator = await asyncpg.connect(own_postgres.url)
        await operator.execute("SELECT pg_terminate_backend($1)", pid)
        await operator.close()
        await eventually(lambda: proxy.ended > 0)
        await asyncio.sleep(0.05)  # its last words are on their way to us, and nothing tells when they are there
        with pytest.raises(Unavailable):
            await _ask(engine)
        await _ask(engine)
        await engine.dispose()


async def _ask(engine: AsyncEngine) -> None:
    async with driver_connection(engine) as driver:
        await driver.execute("SELECT 1")


async def test_history_is_read_from_the_primary_while_the_replica_is_away(engine: AsyncEngine) -> None:
    replica = create_engine("postgresql://nobody@127.0.0.1:1/none")
    messages, sessions = PostgresMessageRepository(engine, replica), PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))
    await messages.append([draft(session, ann, bob)], DUE_AT_ONCE, envelope)
    assert len(await messages.latest(session.id, 10)) == 1
    await replica.dispose()


@pytest.mark.parametrize(("begun", "statement"), [(driver_transaction, "SELECT 1"), (transaction, text("SELECT 1"))])
async def test_a_cancelled_call_leaves_no_open_transaction(
    database_url: str, engine: AsyncEngine, begun: Any, statement: Any
) -> None:
    the_same_again = create_engine(database_url, pool_size=1)

    async def use() -> None:
        async with begun(the_same_again) as connection:
            await connection.execute(statement)

    async with driver_connection(engine) as others:
        await others.execute("CREATE TABLE marks (mark int)")
        for turns in range(40):
            using = asyncio.create_task(use())
            for _ in range(turns):
                await asyncio.sleep(0)
            using.cancel()
            await asyncio.wait([using])
            async with driver_transaction(the_same_again) as connection:
                await connection.execute("INSERT INTO marks VALUES ($1)", turns)
            assert await others.fetchval("SELECT max(mark) FROM marks") == turns
    await the_same_again.dispose()


async def test_a_connection_that_was_left_within_a_transaction_is_not_used_again(
    database_url: str, engine: AsyncEngine
) -> None:
    the_same_again = create_engine(database_url, pool_size=1)
    async with driver_connection(the_same_again) as connection:
        await connection.execute("CREATE TABLE marks (mark int)")
        await connection.execute("BEGIN")
    async with driver_transaction(the_same_again) as connection:
        await connection.execute("INSERT INTO marks VALUES (1)")
    async with driver_connection(engine) as others:
        assert await others.fetchval("SELECT max(mark) FROM marks") == 1
    await the_same_again.dispose()


async def test_rows_that_others_have_written_are_purged_as_well(engine: AsyncEngine) -> None:
    async with driver_connection(engine) as connection:
        await connection.execute("""
            INSERT INTO chat_message_outbox (destination, payload, processed, sent_at)
            SELECT 'nowhere', '{}', true, now() - days * interval '1 day' FROM generate_series(0, 9) AS days""")
    outbox = PostgresOutbox(engine)
    retention = timedelta(days=4.5)
    assert [await outbox.purge(retention, 3) for _ in range(3)] == [3, 2, 0]
