"""What every store promises of delivered marks, and of what was never delivered."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest

from application.ports.messages import MessageRef, Reached, Sending, Stored
from domain.identifiers import MessageId, SessionId
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, draft, envelope, person, ref, session_of
from tests.support.postgres.storing import store


def unknown(chat: Chat) -> MessageRef:
    return MessageRef(chat.session.id, MessageId(uuid4()))


class DeliveredContract(Contract):
    async def test_undelivered_messages_are_read_in_pages(self, repositories: Repositories, chat: Chat) -> None:
        messages = repositories.messages
        outcomes = await messages.append(chat.drafts(5), CLAIM, envelope)
        stored = [outcome.message for outcome in outcomes if isinstance(outcome, Stored)]
        await messages.mark_delivered([ref(stored[0]), ref(stored[2]), unknown(chat)])
        for _ in range(2):  # looking changes nothing
            first = await messages.undelivered({chat.bob.id}, None, 2)
            assert [one.seq for one in first] == [2, 4]
        rest = await messages.undelivered({chat.bob.id}, (chat.session.id, 4), 2)
        assert [one.seq for one in rest] == [5]
        assert list(await messages.undelivered({chat.ann.id}, None, 10)) == []
        assert list(await messages.undelivered(set(), None, 10)) == []

    async def test_a_message_after_delivered_ones_is_undelivered(self, repositories: Repositories, chat: Chat) -> None:
        messages, session, both = repositories.messages, chat.session, (chat.ann, chat.bob)
        for number in range(3):
            await messages.append(
                [draft(session, chat.ann, chat.bob), draft(session, chat.bob, chat.ann)], CLAIM, envelope
            )
            found = [await messages.undelivered({one.id}, None, 10) for one in both]
            assert [[message.seq for message in page] for page in found] == [[2 * number + 2], [2 * number + 1]]
            if number == 1:
                await messages.mark_seen(session.id, chat.ann.id, 4)
                found = [found[1]]
            await messages.mark_delivered([ref(message) for page in found for message in page])
            assert [list(await messages.undelivered({one.id}, None, 10)) for one in both] == [[], []]

    @pytest.mark.parametrize("durable", [True, False])
    async def test_a_mark_returns_the_messages_that_it_reached(
        self, repositories: Repositories, chat: Chat, durable: bool
    ) -> None:
        messages, sending = repositories.messages, Sending(chat.session.id, chat.ann.id)
        outcomes = await messages.append(chat.drafts(3), CLAIM, envelope)
        refs = [ref(one.message) for one in outcomes if isinstance(one, Stored)]

        async def mark(*these: MessageRef) -> Sequence[Reached]:
            if not durable:
                return (await messages.mark_delivered(these)).reached
            marks = await messages.mark_delivered_durably(these)
            assert list(marks.busy) == []
            return marks.reached

        assert list(await mark(refs[1])) == [Reached(sending, 2)]
        assert sorted(await mark(*refs, unknown(chat))) == [Reached(sending, 1), Reached(sending, 3)]
        assert list(await mark(*refs)) == []
        assert list(await mark()) == []

    async def test_the_delivered_watermark_is_before_the_first_gap(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages = repositories.messages
        ann, bob = (Sending(chat.session.id, one.id) for one in (chat.ann, chat.bob))
        assert await messages.delivered_up_to({ann: 0}) == {ann: 0}
        drafts = [*chat.drafts(3), draft(chat.session, chat.bob, chat.ann), *chat.drafts(1)]
        outcomes = await messages.append(drafts, CLAIM, envelope)
        refs = [ref(one.message) for one in outcomes if isinstance(one, Stored)]
        assert await messages.delivered_up_to({ann: 0, bob: 0}) == {ann: 0, bob: 3}
        await messages.mark_delivered([refs[0], refs[2]])
        assert await messages.delivered_up_to({ann: 0, bob: 3}) == {ann: 1, bob: 3}
        await messages.mark_delivered([refs[1]])
        assert await messages.delivered_up_to({ann: 1, bob: 0}) == {ann: 4, bob: 3}
        await messages.mark_delivered(refs)
        unknown = Sending(SessionId(uuid4()), chat.ann.id)
        assert await messages.delivered_up_to({ann: 4, bob: 3, unknown: 0}) == {ann: 5, bob: 5}

    async def test_a_seen_message_counts_as_delivered(self, repositories: Repositories, chat: Chat) -> None:
        messages, ann = repositories.messages, Sending(chat.session.id, chat.ann.id)
        await messages.append(chat.drafts(3), CLAIM, envelope)
        await messages.mark_seen(chat.session.id, chat.bob.id, 2)
        assert await messages.delivered_up_to({ann: 0}) == {ann: 2}

    async def test_the_delivered_watermark_of_a_long_session(self, repositories: Repositories, chat: Chat) -> None:
        messages, ann = repositories.messages, Sending(chat.session.id, chat.ann.id)
        outcomes = await messages.append(chat.drafts(1_500), CLAIM, envelope)
        refs = [ref(one.message) for one in outcomes if isinstance(one, Stored)]
        await messages.mark_delivered(refs[:1_200])
        for _ in range(2):
            assert await messages.delivered_up_to({ann: 0}) == {ann: 1_200}
        assert [one.seq for one in await messages.undelivered({chat.bob.id}, None, 1)] == [1_201]

    async def test_undelivered_goes_over_all_sessions_of_all_profiles(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages, at_work = repositories.messages, person("ann")
        sessions = [chat.session]
        sessions += [
            await repositories.sessions.get_or_create(session_of(mine, person("eve")))
            for mine in (chat.ann, chat.ann, at_work, at_work)
        ]
        mine = {chat.ann.id, at_work.id}
        for session in sessions:
            peer = next(side for side in session.pair if side not in mine)
            sender, receiver = replace(chat.bob, id=peer), chat.ann
            await messages.append([draft(session, sender, receiver) for _ in range(3)], CLAIM, envelope)
        sessions.sort(key=lambda session: session.id)
        wanted = [(session.id, seq) for session in sessions for seq in (1, 2, 3)]
        found: list[tuple[SessionId, int]] = []
        while page := await messages.undelivered(mine, found[-1] if found else None, 4):
            assert len(page) <= 4
            found += [(message.session_id, message.seq) for message in page]
        assert found == wanted

    async def test_no_undelivered_message_is_skipped_while_messages_arrive(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages, session = repositories.messages, chat.session
        writing = True

        async def write() -> None:
            for _ in range(30):
                batch = [draft(session, chat.ann, chat.bob, content) for content in ("reached", "missed")]
                outcomes = await store(messages, batch)
                stored = [outcome.message for outcome in outcomes if isinstance(outcome, Stored)]
                await messages.mark_delivered([ref(one) for one in stored if one.content == "reached"])

        async def read() -> None:
            seen: set[int] = set()
            while writing:
                page = await messages.undelivered({chat.bob.id}, None, 1_000)
                missed = {message.seq for message in page if message.content == "missed"}
                assert seen <= missed
                seen = missed
                await asyncio.sleep(0)  # in memory nothing else would let the writers go on

        readers = [asyncio.create_task(read()) for _ in range(3)]
        await asyncio.gather(*(write() for _ in range(4)))
        writing = False
        await asyncio.gather(*readers)
        page = await messages.undelivered({chat.bob.id}, None, 1_000)
        assert [message.content for message in page] == ["missed"] * 120
