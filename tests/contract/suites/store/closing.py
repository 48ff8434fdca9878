"""What every store promises of sessions that are closed."""

import asyncio
from datetime import datetime
from uuid import uuid4

import pytest

from application.ports.changes.message_changes import OPERATIONS_KEPT, Operation
from application.ports.messages import Repeated, Stored
from domain.errors import IdempotencyConflict, SessionClosed, SessionNotFound, TransactionAborted
from domain.message import Message
from domain.standing import OPEN, Standing
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, draft, envelope, person, session_of, transaction
from tests.support.postgres.storing import store

SENDERS = 20


class ClosingContract(Contract):
    async def test_nothing_new_comes_into_a_closed_session(self, repositories: Repositories, chat: Chat) -> None:
        stored = chat.drafts(1)[0]
        await store(repositories.messages, [stored])
        assert await repositories.sessions.standings([chat.session.id]) == {chat.session.id: OPEN}
        assert await repositories.sessions.close(chat.session.id)
        assert not await repositories.sessions.close(chat.session.id)
        (standing,) = (await repositories.sessions.standings([chat.session.id])).values()
        assert standing.is_closed
        by_bob = draft(chat.session, chat.bob, chat.ann)
        outcomes = await store(repositories.messages, [*chat.drafts(1), by_bob, stored])
        assert [type(outcome) for outcome in outcomes] == [SessionClosed, SessionClosed, Repeated]
        assert [message.id for message in await repositories.messages.latest(chat.session.id, 9)] == [stored.id]

    async def test_other_sessions_stay_open(self, repositories: Repositories, chat: Chat) -> None:
        carol = person("carol")
        other = await repositories.sessions.get_or_create(session_of(chat.ann, carol))
        await repositories.sessions.close(chat.session.id)
        (closed, kept) = await store(repositories.messages, [*chat.drafts(1), draft(other, chat.ann, carol)])
        assert isinstance(closed, SessionClosed)
        assert isinstance(kept, Stored)
        together = transaction(*chat.drafts(1), draft(other, chat.ann, carol))
        assert [type(one) for one in await store(repositories.messages, together)] == [
            SessionClosed,
            TransactionAborted,
        ]

    async def test_both_sides_see_that_it_is_closed(self, repositories: Repositories, chat: Chat) -> None:
        before = await repositories.sync.position()
        await repositories.sessions.close(chat.session.id)
        for side in (chat.ann, chat.bob):
            (entry,) = await repositories.sessions.overview([side.id], None, None, 9)
            assert entry.is_closed
            (told,) = await repositories.sync.sessions([side.id], before.number, None, 9)
            assert told.session_id == chat.session.id
        now = await repositories.sync.position()
        await repositories.sessions.close(chat.session.id)
        assert await repositories.sync.sessions([chat.ann.id], now.number, None, 9) == []

    async def test_what_was_written_can_still_be_seen(self, repositories: Repositories, chat: Chat) -> None:
        await store(repositories.messages, chat.drafts(2))
        await repositories.sessions.close(chat.session.id)
        assert (await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2)).seen_to == 2
        assert await repositories.unread.mark_unread(chat.session.id, chat.bob.id, 2)
        (entry,) = await repositories.sessions.overview([chat.bob.id], None, None, 9)
        assert (entry.unread, entry.last_seq, entry.is_closed) == (1, 2, True)

    async def test_a_send_is_before_the_end_or_refused(self, repositories: Repositories, chat: Chat) -> None:
        gate = asyncio.Event()

        async def send() -> Stored | SessionClosed:
            await gate.wait()
            (outcome,) = await store(repositories.messages, chat.drafts(1))
            assert isinstance(outcome, Stored | SessionClosed)
            return outcome

        async def close() -> bool:
            await gate.wait()
            return await repositories.sessions.close(chat.session.id)

        sends = [asyncio.create_task(send()) for _ in range(SENDERS // 2)]
        closes = [asyncio.create_task(close()) for _ in range(2)]
        sends += [asyncio.create_task(send()) for _ in range(SENDERS // 2)]
        gate.set()
        assert sorted(await asyncio.gather(*closes)) == [False, True], "one of them has closed it"
        last_seq = await repositories.messages.last_seq(chat.session.id)
        outcomes = await asyncio.gather(*sends)
        stored = [outcome.message.seq for outcome in outcomes if isinstance(outcome, Stored)]
        assert sorted(stored) == list(range(1, last_seq + 1)), "nothing was stored after the end"
        assert isinstance(await send(), SessionClosed)

    async def test_an_operation_is_done_once(self, repositories: Repositories, chat: Chat) -> None:
        operation = Operation(chat.ann.id, uuid4(), b"close")
        assert await repositories.sessions.close(chat.session.id, operation)
        assert not await repositories.sessions.close(chat.session.id, operation)
        with pytest.raises(IdempotencyConflict):
            await repositories.sessions.close(chat.session.id, operation._replace(digest=b"another"))
        await repositories.pass_time(2 * OPERATIONS_KEPT)
        assert not await repositories.sessions.close(chat.session.id, operation._replace(digest=b"another"))

    async def test_a_session_that_is_not_there_has_no_standing(self, repositories: Repositories, chat: Chat) -> None:
        unknown = session_of(chat.ann, chat.bob).id
        with pytest.raises(SessionNotFound):
            await repositories.sessions.close(unknown)
        assert await repositories.sessions.standings([unknown]) == {}

    async def test_a_change_is_made_in_the_knowledge_of_the_end(self, repositories: Repositories, chat: Chat) -> None:
        (stored,) = await repositories.messages.append(chat.drafts(1), CLAIM, envelope)
        assert isinstance(stored, Stored)
        known: list[bool] = []

        def rule(message: Message, _: datetime, standing: Standing) -> Message:
            known.append(standing.is_closed)
            return message

        for _ in range(2):
            await repositories.changes.change(chat.session.id, stored.message.id, rule, lambda _: {})
            await repositories.sessions.close(chat.session.id)
        assert known == [False, True]
