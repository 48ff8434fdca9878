"""Many writers whose commits are slow, and a reader that resumes all the time: no change is ever passed over."""

import asyncio
from datetime import datetime
from functools import partial
from random import Random
from time import monotonic

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine
from adapters.postgres.messages.changes import PostgresMessageChanges
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.postgres.sessions.sync import PostgresSyncStore
from domain.identifiers import ProfileId, SessionId
from domain.message import Message
from domain.profile import Profile
from domain.rules.change_policy import react
from domain.session import ChatSession
from domain.standing import Standing
from tests.contract.suites.store.message_changes import rewrite
from tests.support.people import draft, person, session_of
from tests.support.postgres.slow_commits import commit_slowly
from tests.support.postgres.storing import store

WRITERS = 1_000
"""Tasks that write; the pool lets so many of them into the database at once as it has connections."""
CONNECTIONS = 30
PEOPLE = 20
BOB = person("bob")


class Writers:
    """People who each write to Bob, and react to what was written."""

    def __init__(self, engine: AsyncEngine, until: float) -> None:
        self._messages = PostgresMessageRepository(engine)
        self._changes = PostgresMessageChanges(engine)
        self._until = until
        self.written = 0

    async def write(self, session: ChatSession, sender: Profile, random: Random) -> None:
        while monotonic() < self._until:
            if random.random() < 0.5:
                await store(self._messages, [draft(session, sender, BOB)])
            elif found := await self._messages.latest(session.id, 5):
                rule = partial(_reacted, by=sender.id, emoji=random.choice(["👍", "😀", "🎉"]))
                await self._changes.change(session.id, random.choice(found).id, rule, rewrite)
            self.written += 1


def _reacted(message: Message, _: datetime, __: Standing, by: ProfileId, emoji: str) -> Message:
    return react(message, by, emoji)


@pytest.mark.timeout(600)
async def test_no_change_is_passed_over(engine: AsyncEngine, database_url: str, pytestconfig: pytest.Config) -> None:
    seconds: float = pytestconfig.getoption("soak")
    sessions = PostgresSessionRepository(engine)
    people = [person(f"p{number}") for number in range(PEOPLE)]
    open_sessions = [await sessions.get_or_create(session_of(one, BOB)) for one in people]
    await commit_slowly(database_url)
    crowd = create_engine(database_url, pool_size=CONNECTIONS, timeout=300, lock_wait=60)
    writers = Writers(crowd, monotonic() + seconds)
    writing = asyncio.gather(
        *(writers.write(open_sessions[n % PEOPLE], people[n % PEOPLE], Random(n)) for n in range(WRITERS))
    )
    told, resumes = await _resume_until(PostgresSyncStore(engine), writing)
    await crowd.dispose()
    stored = {
        (session.id, message.seq): message
        for session in open_sessions
        for message in await PostgresMessageRepository(engine).after(session.id, 0, 1_000_000, fresh=True)
    }
    assert writers.written > WRITERS / 2
    assert resumes > 5, "the reader resumed while they wrote"
    assert told.keys() == stored.keys()
    assert not [place for place, message in stored.items() if told[place].changes != message.changes]


async def _resume_until(
    sync: PostgresSyncStore, writing: "asyncio.Future[list[None]]"
) -> tuple[dict[tuple[SessionId, int], Message], int]:
    """What a reader was told that resumes until the writing is over, and once more; and how often it did."""
    number, resumes = 0, 0
    told: dict[tuple[SessionId, int], Message] = {}
    is_last = False
    while not is_last:
        is_last = writing.done()
        position = await sync.position()
        after: tuple[SessionId, int] | None = None
        while page := await sync.messages([BOB.id], number, after, 200):
            told.update(((message.session_id, message.seq), message) for message in page)
            after = (page[-1].session_id, page[-1].seq)
        number, resumes = position.number, resumes + 1
    await writing
    return told, resumes
