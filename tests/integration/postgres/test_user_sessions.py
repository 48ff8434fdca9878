"""The sessions of a user, whoever makes and deletes them, and whoever writes in them."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from domain.identifiers import ProfileId
from tests.support.people import CLAIM, draft, envelope, person, session_of
from tests.support.postgres.partitioned import partition
from tests.support.postgres.version_0_1_0 import OldWriter

_READERS = "SELECT sender_profile_id FROM chat_sessions"
_KNOWN = "SELECT count(*) FROM chat_sessions WHERE last_sent_seq = last_seq"


async def test_sessions_of_version_0_1_0_are_listed_by_their_last_message(engine: AsyncEngine) -> None:
    sessions, messages = PostgresSessionRepository(engine), PostgresMessageRepository(engine)
    async with driver_connection(engine) as connection:
        old = OldWriter(connection)
        await old.open(1)
        reader = ProfileId(await connection.fetchval(_READERS))
        await old.send()
        (listed,) = await sessions.overview([reader], None, None, 10)
        assert listed.last_message is not None
        assert listed.active_at == listed.last_message.sent_at > listed.session.created_at
        assert await connection.fetchval(_KNOWN) == 0
        sent = draft(listed.session, person("peer"), person("peer"))._replace(session_id=listed.session.id)
        await messages.append([sent], CLAIM, envelope)
        assert await connection.fetchval(_KNOWN) == 1
        await old.send()  # it does not know that it should write the time of its message
        (listed,) = await sessions.overview([reader], None, None, 10)
        assert listed.last_message is not None
        assert (listed.last_seq, listed.active_at) == (3, listed.last_message.sent_at)


async def test_a_session_that_somebody_deletes_is_not_listed_and_can_be_opened_again(engine: AsyncEngine) -> None:
    sessions = PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    first = await sessions.get_or_create(session_of(ann, bob))
    async with driver_connection(engine) as connection:
        await connection.execute("DELETE FROM chat_sessions WHERE id = $1", first.id)
    assert await sessions.overview([ann.id], None, None, 10) == []
    second = await sessions.get_or_create(session_of(ann, bob))
    assert second.id != first.id
    for reader in (ann, bob):
        (listed,) = await sessions.overview([reader.id], None, None, 10)
        assert listed.session == second


@pytest.mark.parametrize("is_partitioned", [False, True])
async def test_a_pair_has_one_session_however_many_open_it_at_once(engine: AsyncEngine, is_partitioned: bool) -> None:
    if is_partitioned:  # where no key of the sessions themselves is over all of them
        await partition(engine)
    sessions = PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    for intent_of in range(5):
        made = await asyncio.gather(*(sessions.get_or_create(session_of(ann, bob)) for _ in range(20)))
        assert len({one.id for one in made}) == 1, intent_of
        async with driver_connection(engine) as connection:
            assert await connection.fetchval("SELECT count(*) FROM chat_sessions") == 1
            assert await connection.fetchval("SELECT count(*) FROM chat_user_sessions") == 2
            await connection.execute("DELETE FROM chat_sessions")
