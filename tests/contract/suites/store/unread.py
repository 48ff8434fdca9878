"""What every store promises of unread messages: counts are exact, whatever happens, and in whatever order."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from application.ports.changes.message_changes import Operation
from application.ports.messages import Seen
from application.ports.unread import NOTHING_UNREAD, UnreadSession, UnreadTotals
from domain.errors import SessionNotFound
from domain.identifiers import Intent, SessionId
from domain.message import Message
from domain.profile import Profile
from domain.rules.change_policy import ChangePolicy, Windows, hide
from domain.rules.repeats import UNKEYED
from domain.rules.unread import ReadMarks, is_unread, mark_unread, seen
from domain.session import ChatSession, Pair
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.contract.suites.store.message_changes import rewrite
from tests.support.people import NOW, draft, person, session_of
from tests.support.postgres.storing import store

WORK = Intent("work")
DAY = timedelta(days=1)
POLICY = ChangePolicy(Windows(DAY, DAY), UNKEYED)
WRITERS = 6


async def delete(repositories: Repositories, message: Message) -> None:
    await repositories.changes.change(
        message.session_id, message.id, lambda one, now, _: POLICY.delete(one, one.sender_id, now), rewrite
    )


async def hide_from(repositories: Repositories, message: Message, reader: Profile) -> None:
    await repositories.changes.change(
        message.session_id, message.id, lambda one, now, _: hide(one, reader.id, now), rewrite
    )


class UnreadContract(Contract):
    """Ann writes to Bob, and he to her."""

    async def send(self, repositories: Repositories, chat: Chat, count: int, *, by_bob: bool = False) -> None:
        await repositories.tick()
        sides = (chat.bob, chat.ann) if by_bob else (chat.ann, chat.bob)
        await store(repositories.messages, [draft(chat.session, *sides) for _ in range(count)])

    async def unread(self, repositories: Repositories, reader: Profile) -> int:
        """As the list, the totals and the sessions of the totals say, which agree."""
        totals = (await repositories.unread.totals({reader.email: [reader.id]})).totals[reader.email]
        listed = await repositories.sessions.overview([reader.id], None, None, 50)
        found = [(one.session.id, one.unread) for one in listed if one.unread]
        assert list(await repositories.unread.sessions([reader.id], 200)) == found
        assert (totals.total, totals.sessions) == (sum(unread for _, unread in found), len(found))
        return totals.total

    async def messages(self, repositories: Repositories, chat: Chat) -> Sequence[Message]:
        return await repositories.messages.after(chat.session.id, 0, 1_000, fresh=True)

    async def test_messages_of_the_other_side_are_unread_until_they_are_seen(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        assert await self.unread(repositories, chat.bob) == 0
        await self.send(repositories, chat, 4)
        await self.send(repositories, chat, 2, by_bob=True)
        assert (await self.unread(repositories, chat.ann), await self.unread(repositories, chat.bob)) == (2, 4)
        await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 3)
        assert (await self.unread(repositories, chat.ann), await self.unread(repositories, chat.bob)) == (2, 1)
        await self.send(repositories, chat, 1)
        assert await self.unread(repositories, chat.bob) == 2
        await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 7)
        assert (await self.unread(repositories, chat.ann), await self.unread(repositories, chat.bob)) == (2, 0)

    async def test_what_is_deleted_or_hidden_is_not_unread(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat, 4)
        await self.send(repositories, chat, 1, by_bob=True)
        first, second, third, _, fifth = await self.messages(repositories, chat)
        await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 1)
        for message in (first, second, second):
            await delete(repositories, message)
        assert await self.unread(repositories, chat.bob) == 2
        await hide_from(repositories, third, chat.ann)
        assert await self.unread(repositories, chat.bob) == 2
        await hide_from(repositories, third, chat.bob)
        await delete(repositories, third)
        await hide_from(repositories, fifth, chat.bob)
        assert (await self.unread(repositories, chat.ann), await self.unread(repositories, chat.bob)) == (1, 1)

    async def test_messages_can_be_marked_as_unread_for_oneself(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat, 3)
        await self.send(repositories, chat, 1, by_bob=True)
        await self.send(repositories, chat, 2)
        messages, unread = repositories.messages, repositories.unread
        await messages.mark_seen(chat.session.id, chat.bob.id, 6)
        before = await repositories.sync.position()
        assert await unread.mark_unread(chat.session.id, chat.bob.id, 3)
        assert not await unread.mark_unread(chat.session.id, chat.bob.id, 5)
        assert await self.unread(repositories, chat.bob) == 3
        assert [one.seq for one in await messages.unseen(chat.session.id, chat.bob.id, 9)] == [3, 5, 6]
        assert [one.seq for one in await messages.unseen(chat.session.id, chat.bob.id, 9, after=3)] == [5, 6]
        (overview,) = await repositories.sessions.overview([chat.ann.id], None, None, 9)
        assert overview.seen_to == 6
        assert [one.session_id for one in await repositories.sync.sessions([chat.bob.id], before.number, None, 9)]
        assert not await repositories.sync.sessions([chat.ann.id], before.number, None, 9)
        await self.send(repositories, chat, 1)
        assert await self.unread(repositories, chat.bob) == 4
        assert await messages.mark_seen(chat.session.id, chat.bob.id, 5) == Seen(None, None, has_read=True)
        assert await self.unread(repositories, chat.bob) == 2
        assert await messages.mark_seen(chat.session.id, chat.bob.id, 7) == Seen(7, 7, has_read=True)
        assert await self.unread(repositories, chat.bob) == 0

    async def test_totals_are_by_intent_and_sessions_the_newest_first(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        at_work = person("bob", WORK)
        pair = Pair.of(chat.ann.id, at_work.id)
        working = await repositories.sessions.get_or_create(ChatSession(SessionId(uuid4()), pair, WORK, NOW))
        with_carol = await repositories.sessions.get_or_create(session_of(chat.bob, carol := person("carol")))
        await self.send(repositories, chat, 2)
        for session, sender, receiver in ((working, chat.ann, at_work), (with_carol, carol, chat.bob)):
            await repositories.tick()
            await store(repositories.messages, [draft(session, sender, receiver)])
        mine = {chat.bob.email: [chat.bob.id, at_work.id], carol.email: [carol.id]}
        assert (await repositories.unread.totals(mine)).totals == {
            chat.bob.email: UnreadTotals(4, 3, {chat.bob.intent: 3, WORK: 1}),
            carol.email: NOTHING_UNREAD,
        }
        newest = [UnreadSession(with_carol.id, 1), UnreadSession(working.id, 1), UnreadSession(chat.session.id, 2)]
        assert list(await repositories.unread.sessions(mine[chat.bob.email], 9)) == newest
        assert list(await repositories.unread.sessions(mine[chat.bob.email], 2)) == newest[:2]

    async def test_of_two_readings_the_newer_one_has_the_later_time_of_the_store(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        nothing = await repositories.unread.totals({chat.bob.email: [chat.bob.id]})
        await self.send(repositories, chat, 1)
        await repositories.tick()
        one = await repositories.unread.totals({chat.bob.email: [chat.bob.id]})
        (listed,) = await repositories.sessions.overview([chat.bob.id], None, None, 1)
        assert nothing.at < one.at <= listed.read_at

    async def test_an_operation_is_done_once(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat, 2)
        await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2)
        operation, mark = Operation(chat.bob.id, uuid4(), b"unread"), repositories.unread.mark_unread
        assert await mark(chat.session.id, chat.bob.id, 1, operation)
        await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2)
        assert not await mark(chat.session.id, chat.bob.id, 1, operation)
        assert await self.unread(repositories, chat.bob) == 0
        with pytest.raises(SessionNotFound):
            await mark(SessionId(uuid4()), chat.bob.id, 1)

    @pytest.mark.parametrize("seed", range(4))
    async def test_counts_are_those_of_a_recount_after_any_history(
        self, repositories: Repositories, chat: Chat, seed: int
    ) -> None:
        chance = random.Random(seed)
        marks = {chat.ann.id: ReadMarks(), chat.bob.id: ReadMarks()}
        for _ in range(40):
            messages = await self.messages(repositories, chat)
            reader, seq = chance.choice((chat.ann, chat.bob)), chance.randint(1, len(messages) + 1)
            match chance.randrange(5):
                case 0 | 1:
                    await self.send(repositories, chat, chance.randint(1, 3), by_bob=reader is chat.bob)
                case 2:
                    await repositories.messages.mark_seen(chat.session.id, reader.id, seq)
                    marks[reader.id] = seen(marks[reader.id], min(seq, len(messages)))
                case 3:
                    await repositories.unread.mark_unread(chat.session.id, reader.id, seq)
                    marks[reader.id] = mark_unread(marks[reader.id], seq)
                case _ if messages:
                    message = chance.choice(messages)
                    await (delete(repositories, message) if seq % 2 else hide_from(repositories, message, reader))
            present = await self.messages(repositories, chat)
            for side in (chat.ann, chat.bob):
                recounted = sum(is_unread(message, side.id, marks[side.id]) for message in present)
                assert await self.unread(repositories, side) == recounted
                unseen = await repositories.messages.unseen(chat.session.id, side.id, 1_000)
                assert len(unseen) == recounted

    async def test_counts_do_not_drift_under_concurrent_writers(self, repositories: Repositories, chat: Chat) -> None:
        await asyncio.gather(*(self.write(repositories, chat, number) for number in range(WRITERS)))
        present = await self.messages(repositories, chat)
        for side in (chat.ann, chat.bob):
            unseen = await repositories.messages.unseen(chat.session.id, side.id, 1_000)
            assert await self.unread(repositories, side) == len(unseen)
            last = len(present) // 2
            await repositories.messages.mark_seen(chat.session.id, side.id, last)
            expected = sum(one.sender_id != side.id and not one.changes.deleted_at for one in present[last:])
            assert await self.unread(repositories, side) <= expected
            await repositories.messages.mark_seen(chat.session.id, side.id, len(present))
            assert await self.unread(repositories, side) == 0

    async def write(self, repositories: Repositories, chat: Chat, number: int) -> None:
        chance = random.Random(number)
        for _ in range(8):
            await self.send(repositories, chat, 2, by_bob=bool(number % 2))
            messages = await self.messages(repositories, chat)
            reader, seq = chance.choice((chat.ann, chat.bob)), chance.randint(1, len(messages))
            match chance.randrange(3):
                case 0:
                    await repositories.messages.mark_seen(chat.session.id, reader.id, seq)
                case 1:
                    await delete(repositories, chance.choice(messages))
                case _:
                    await repositories.unread.mark_unread(chat.session.id, reader.id, seq)
