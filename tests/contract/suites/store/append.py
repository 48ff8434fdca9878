"""What every store promises of messages that are appended, alone and in batches."""

import asyncio
from uuid import uuid4

import pytest

from application.ports.messages import Repeated, Stored
from domain.errors import IdempotencyConflict, SessionNotFound
from domain.session import ChatSession
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, draft, envelope, person, session_of
from tests.support.postgres.storing import store


class AppendContract(Contract):
    async def test_messages_are_numbered_in_order_without_a_gap(self, repositories: Repositories, chat: Chat) -> None:
        drafts = chat.drafts(5)
        outcomes = await repositories.messages.append(drafts, CLAIM, envelope)
        stored = [outcome.message for outcome in outcomes if isinstance(outcome, Stored)]
        assert [message.seq for message in stored] == [1, 2, 3, 4, 5]
        assert [message.content for message in stored] == [draft.content for draft in drafts]
        assert await repositories.messages.latest(chat.session.id, 10) == stored

    async def test_twenty_equal_drafts_at_once_are_one_message(self, repositories: Repositories, chat: Chat) -> None:
        client_id = uuid4()
        copies = [draft(chat.session, chat.ann, chat.bob, "hi", client_id) for _ in range(20)]
        answers = await asyncio.gather(*(store(repositories.messages, [copy]) for copy in copies))
        outcomes = [answer[0] for answer in answers]
        assert sum(isinstance(outcome, Stored) for outcome in outcomes) == 1
        messages = [outcome.message for outcome in outcomes if isinstance(outcome, Stored | Repeated)]
        assert len(messages) == 20
        assert len({message.id for message in messages}) == 1
        assert [message.seq for message in await repositories.messages.latest(chat.session.id, 50)] == [1]

    async def test_equal_drafts_in_one_batch_are_one_message(self, repositories: Repositories, chat: Chat) -> None:
        one = chat.drafts(1)[0]
        first, second = await repositories.messages.append([one, one], CLAIM, envelope)
        assert isinstance(first, Stored)
        assert isinstance(second, Repeated)
        assert first.message == second.message

    @pytest.mark.parametrize("different", ["sender", "session", "content"])
    async def test_a_client_id_with_other_content_is_a_conflict(
        self, repositories: Repositories, chat: Chat, different: str
    ) -> None:
        first = chat.drafts(1)[0]
        await repositories.messages.append([first], CLAIM, envelope)
        carol = person("carol")
        elsewhere = await repositories.sessions.get_or_create(session_of(chat.ann, carol))
        other = {
            "sender": draft(chat.session, chat.bob, chat.ann, first.content, first.client_message_id),
            "session": draft(elsewhere, chat.ann, carol, first.content, first.client_message_id),
            "content": draft(chat.session, chat.ann, chat.bob, "else", first.client_message_id),
        }[different]
        follower = draft(other_session(chat, elsewhere, different), chat.ann, chat.bob, "next")
        outcomes = await repositories.messages.append([other, follower], CLAIM, envelope)
        assert isinstance(outcomes[0], IdempotencyConflict)
        assert isinstance(outcomes[1], Stored), "one draft's fault is not its neighbour's"
        numbers = [message.seq for message in await repositories.messages.latest(follower.session_id, 10)]
        assert numbers == list(range(1, len(numbers) + 1))

    async def test_racing_batches_leave_no_gap(self, repositories: Repositories, chat: Chat) -> None:
        carol = person("carol")
        second = await repositories.sessions.get_or_create(session_of(chat.bob, carol))
        batches = [
            [
                draft(chat.session, chat.ann, chat.bob),
                draft(second, carol, chat.bob),
                draft(chat.session, chat.bob, chat.ann),
            ]
            for _ in range(20)
        ]
        await asyncio.gather(*(store(repositories.messages, batch) for batch in batches))
        for session, count in ((chat.session, 40), (second, 20)):
            page = await repositories.messages.latest(session.id, 100)
            assert [message.seq for message in page] == list(range(1, count + 1))

    async def test_one_client_id_racing_in_many_sessions_is_stored_once(self, repositories: Repositories) -> None:
        client_id, ann = uuid4(), person("ann")
        sessions = [await repositories.sessions.get_or_create(session_of(ann, person("bob"))) for _ in range(8)]
        drafts = [draft(session, ann, person("bob"), "hi", client_id) for session in sessions]
        answers = await asyncio.gather(*(store(repositories.messages, [one]) for one in drafts))
        assert sorted(type(answer[0]).__name__ for answer in answers) == ["IdempotencyConflict"] * 7 + ["Stored"]

    async def test_an_unknown_session_fails_alone(self, repositories: Repositories, chat: Chat) -> None:
        lost = draft(session_of(chat.ann, chat.bob), chat.ann, chat.bob)
        outcomes = await repositories.messages.append([lost, *chat.drafts(1)], CLAIM, envelope)
        assert isinstance(outcomes[0], SessionNotFound)
        assert isinstance(outcomes[1], Stored)


def other_session(chat: Chat, elsewhere: ChatSession, different: str) -> ChatSession:
    return elsewhere if different == "session" else chat.session
