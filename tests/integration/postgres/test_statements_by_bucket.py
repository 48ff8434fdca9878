"""Which statements keep to one partition when the tables are partitioned by bucket."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.messages import append_once
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.postgres.sessions.sync import PostgresSyncStore
from application.ports.messages import Sending, Stored
from application.ports.outbox import FailedTry
from domain.message import Draft, Message
from domain.profile import Profile
from domain.session import ChatSession
from tests.support.people import CLAIM, DUE_AT_ONCE, draft, envelope, person, ref, session_of
from tests.support.postgres.partitioned import Statement, partition, partitions_touched, statements_of


@dataclass(frozen=True)
class Place:
    """A session of two with a message, and the repositories."""

    sessions: PostgresSessionRepository
    messages: PostgresMessageRepository
    outbox: PostgresOutbox
    sync: PostgresSyncStore
    ann: Profile
    bob: Profile
    session: ChatSession
    sent: Draft
    stored: Stored

    @property
    def message(self) -> Message:
        """The message that is stored."""
        return self.stored.message


Call = Callable[[Place], Awaitable[object]]

HOT: dict[str, Call] = {
    "send": lambda on: on.messages.append([draft(on.session, on.ann, on.bob)], CLAIM, envelope),
    "send into a locked session": lambda on: on.messages.append(
        [draft(on.session, on.ann, on.bob)], CLAIM, envelope, wait_for=on.session.id
    ),
    "mark as seen": lambda on: on.messages.mark_seen(on.session.id, on.bob.id, 1),
    "find a session": lambda on: on.sessions.find(on.session.id),
    "latest messages": lambda on: on.messages.latest(on.session.id, 50),
    "messages before": lambda on: on.messages.before(on.session.id, 2, 50),
    "messages after": lambda on: on.messages.after(on.session.id, 0, 50, fresh=True),
    "seq of a message": lambda on: on.messages.seq_of(on.session.id, on.message.id),
    "last seq": lambda on: on.messages.last_seq(on.session.id),
    "unseen messages": lambda on: on.messages.unseen(on.session.id, on.bob.id, 50),
    "delivered up to": lambda on: on.messages.delivered_up_to({Sending(on.session.id, on.ann.id): 0}),
    "open a session that is there": lambda on: on.sessions.get_or_create(session_of(on.ann, on.bob)),
    "open a new session": lambda on: on.sessions.get_or_create(session_of(on.ann, person("new"))),
    "mark as delivered": lambda on: on.messages.mark_delivered([ref(on.message)]),
    "mark as delivered, durably": lambda on: on.messages.mark_delivered_durably([ref(on.message)]),
}
NOT_YET: dict[str, Call] = {
    "send again": lambda on: on.messages.append([on.sent], CLAIM, envelope),
    "claim": lambda on: on.outbox.claim(CLAIM, 10),
    "mark as processed": lambda on: on.outbox.mark_processed([on.stored.entries[0].id], keep=False),
    "mark as failed": lambda on: on.outbox.mark_failed([FailedTry(on.stored.entries[0].id, 1, DUE_AT_ONCE, "x")]),
    "release": lambda on: on.outbox.release([on.stored.entries[0].id]),
    "list of sessions": lambda on: on.sessions.overview([on.bob.id], None, None, 50),
    "undelivered messages": lambda on: on.messages.undelivered([on.bob.id], None, 50),
    "changed sessions": lambda on: on.sync.sessions([on.bob.id], 0, None, 50),
    "changed messages": lambda on: on.sync.messages([on.bob.id], 0, None, 50),
}
"""They find rows by an id alone, or by a profile. Whoever makes one keep to a partition moves it to `HOT`."""


@pytest.fixture
async def place(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Place:
    by_bucket = append_once._INSERT.replace("(client_msg_id) DO", "(bucket, session_id, client_msg_id) DO")
    monkeypatch.setattr(append_once, "_INSERT", by_bucket)
    await partition(engine)
    sessions, messages = PostgresSessionRepository(engine), PostgresMessageRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))
    sent = draft(session, ann, bob)
    (stored,) = await messages.append([sent], CLAIM, envelope)
    assert isinstance(stored, Stored)
    return Place(sessions, messages, PostgresOutbox(engine), PostgresSyncStore(engine), ann, bob, session, sent, stored)


async def _several(engine: AsyncEngine, place: Place, call: Call) -> list[Statement]:
    """The statements of a call that touch more than one partition."""
    async with statements_of(engine) as statements:
        await call(place)
    assert statements
    return [one for one in statements if len(await partitions_touched(engine, one)) > 1]


@pytest.mark.parametrize("call", HOT.values(), ids=HOT)
async def test_a_hot_statement_keeps_to_one_partition(engine: AsyncEngine, place: Place, call: Call) -> None:
    assert await _several(engine, place, call) == []


@pytest.mark.parametrize("call", NOT_YET.values(), ids=NOT_YET)
async def test_the_list_of_the_others_is_true(engine: AsyncEngine, place: Place, call: Call) -> None:
    assert await _several(engine, place, call)
