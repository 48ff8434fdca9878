"""What every store promises of settings, and of the marks that they hide."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from application.ports.changes.message_changes import Operation
from application.ports.messages import MessageRef, Seen, Sending
from application.ports.showing import Side
from domain.errors import IdempotencyConflict, Invalid
from domain.identifiers import Intent, SessionId
from domain.message import Marks, Message
from domain.profile import Profile
from domain.rules.visibility import marks_for
from domain.session import ChatSession, Pair
from domain.showing import EVERYTHING, MAX_INTENTS, Hidden, Showing
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import NOW, person, session_of
from tests.support.postgres.storing import store

WORK = Intent("work")
UNSEEN_RECEIPTS = Showing(seen_receipts=False)
NO_RECEIPTS = Showing(seen_receipts=False, delivered_receipts=False)


async def hidden_in(repositories: Repositories, reader: Profile, session: ChatSession) -> Hidden:
    (overview,) = await repositories.sessions.overview([reader.id], None, None, 9, only=[session.id])
    return overview.hidden


class ShowingContract(Contract):
    """Ann writes to Bob."""

    async def let(self, repositories: Repositories, who: Profile, showing: Showing) -> Sequence[Side]:
        return await repositories.showing.store(who.email, [who], None, showing)

    async def send(self, repositories: Repositories, chat: Chat, count: int) -> Sequence[Message]:
        await store(repositories.messages, chat.drafts(count))
        return await repositories.messages.latest(chat.session.id, count)

    async def seen(self, repositories: Repositories, chat: Chat, up_to: int) -> Seen:
        return (await repositories.messages.mark_seen(chat.session.id, chat.bob.id, up_to))._replace(has_read=False)

    async def shown(self, repositories: Repositories, chat: Chat, reader: Profile) -> list[bool]:
        """Which messages are shown as seen: in the history, and as far as they are there in lists and resumes."""
        history = await repositories.messages.latest(chat.session.id, 100)
        marks = [marks_for(message, reader.id).seen for message in history]
        if reader == chat.ann:
            (overview,) = await repositories.sessions.overview([reader.id], None, None, 9)
            (resumed,) = await repositories.sync.sessions([reader.id], 0, None, 9)
            assert overview.seen_to == resumed.seen_to == sum(marks)
            again = await repositories.sync.messages([reader.id], 0, None, 100)
            assert [marks_for(message, reader.id).seen for message in again] == marks
            assert overview.last_message is not None
            assert marks_for(overview.last_message, reader.id).seen == marks[-1]
        return marks

    @pytest.mark.parametrize("who", ["ann", "bob"])
    async def test_what_is_seen_while_one_of_the_two_hides_it_is_not_shown(
        self, repositories: Repositories, chat: Chat, who: str
    ) -> None:
        await self.send(repositories, chat, 4)
        assert await self.seen(repositories, chat, 1) == Seen(1, 1)
        assert await self.let(repositories, getattr(chat, who), UNSEEN_RECEIPTS)
        assert await self.seen(repositories, chat, 3) == Seen(3, None)
        assert await self.seen(repositories, chat, 3) == Seen(None, None)
        assert await self.shown(repositories, chat, chat.ann) == [True, False, False, False]
        assert await self.shown(repositories, chat, chat.bob) == [True, True, True, False]
        assert [one.seq for one in await repositories.messages.unseen(chat.session.id, chat.bob.id, 9)] == [4]
        await self.let(repositories, getattr(chat, who), EVERYTHING)
        assert await self.shown(repositories, chat, chat.ann) == [True, False, False, False]
        assert await self.seen(repositories, chat, 2) == Seen(None, 2)
        assert await self.shown(repositories, chat, chat.ann) == [True, True, False, False]
        assert await self.seen(repositories, chat, 4) == Seen(4, 4)
        assert await self.shown(repositories, chat, chat.ann) == [True] * 4

    async def test_the_same_mark_made_while_showing_covers_what_is_before(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        await self.send(repositories, chat, 2)
        await self.let(repositories, chat.bob, UNSEEN_RECEIPTS)
        await self.seen(repositories, chat, 2)
        await self.let(repositories, chat.bob, EVERYTHING)
        before = await repositories.sync.position()
        assert await self.seen(repositories, chat, 2) == Seen(None, 2)
        assert await repositories.sync.sessions([chat.ann.id], before.number, None, 9)
        assert await self.seen(repositories, chat, 2) == Seen(None, None)

    async def test_what_is_delivered_while_one_of_the_two_hides_it_is_not_shown(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        sending = Sending(chat.session.id, chat.ann.id)
        sent = await self.send(repositories, chat, 3)
        await self.let(repositories, chat.ann, NO_RECEIPTS)
        await repositories.messages.mark_delivered_durably([MessageRef(one.session_id, one.id) for one in sent[:2]])
        assert await repositories.messages.delivered_up_to({sending: 0}) == {}
        for_ann = [marks_for(one, chat.ann.id) for one in await repositories.messages.latest(chat.session.id, 3)]
        assert for_ann == [Marks(False, False)] * 3
        for_bob = [marks_for(one, chat.bob.id) for one in await repositories.messages.latest(chat.session.id, 3)]
        assert [one.delivered for one in for_bob] == [True, True, False]
        assert len(await repositories.messages.undelivered([chat.bob.id], None, 9)) == 1
        await self.let(repositories, chat.ann, UNSEEN_RECEIPTS)
        assert await repositories.messages.delivered_up_to({sending: 0}) == {sending: 2}
        shown = await repositories.messages.latest(chat.session.id, 3)
        assert [marks_for(one, chat.ann.id).delivered for one in shown] == [True, True, False]

    async def test_what_is_shown_as_seen_is_shown_as_delivered(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat, 2)
        await self.let(repositories, chat.bob, Showing(delivered_receipts=False))
        await self.seen(repositories, chat, 1)
        shown = await repositories.messages.latest(chat.session.id, 2)
        assert [marks_for(one, chat.ann.id) for one in shown] == [Marks(True, True), Marks(False, False)]
        (overview,) = await repositories.sessions.overview([chat.ann.id], None, None, 9)
        assert (overview.delivered_to, overview.seen_to) == (1, 1)

    async def test_settings_of_an_intent_win(self, repositories: Repositories, chat: Chat) -> None:
        at_work = person("bob", WORK)
        pair = Pair.of(chat.ann.id, at_work.id)
        working = await repositories.sessions.get_or_create(ChatSession(SessionId(uuid4()), pair, WORK, NOW))
        mine = [chat.bob, at_work]
        showing = repositories.showing
        told = await showing.store(chat.bob.email, mine, WORK, Showing(typing=False))
        assert told == [Side(at_work.id, working.id)]
        told = await showing.store(chat.bob.email, mine, None, NO_RECEIPTS)
        assert told == [Side(chat.bob.id, chat.session.id)]
        assert await hidden_in(repositories, at_work, working) == Hidden.TYPING
        assert await hidden_in(repositories, chat.bob, chat.session) == Hidden.SEEN | Hidden.DELIVERED
        assert await hidden_in(repositories, chat.ann, chat.session) == Hidden.NOTHING
        both = Hidden.SEEN | Hidden.DELIVERED
        assert await showing.hidden([working.id, chat.session.id, SessionId(uuid4())]) == {
            working.id: Hidden.TYPING,
            chat.session.id: both,
        }
        assert await showing.of(chat.bob.email) == {None: NO_RECEIPTS, WORK: Showing(typing=False)}
        assert await showing.of(chat.ann.email) == {}
        assert await showing.store(chat.bob.email, mine, None, NO_RECEIPTS) == []

    async def test_a_session_opened_later_or_meanwhile_has_the_settings(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        others = [person(f"p{number}") for number in range(10)]
        opening = (
            repositories.sessions.get_or_create(
                session_of(chat.bob, other), {chat.bob.id: chat.bob.email, other.id: other.email}
            )
            for other in others
        )
        hiding = self.let(repositories, chat.bob, UNSEEN_RECEIPTS)
        *opened, _ = await asyncio.gather(*opening, hiding)
        for session in opened:
            assert isinstance(session, ChatSession)
            assert await hidden_in(repositories, chat.bob, session) == Hidden.SEEN

    async def test_a_setting_is_told_in_a_resume(self, repositories: Repositories, chat: Chat) -> None:
        before = await repositories.sync.position()
        await self.let(repositories, chat.bob, UNSEEN_RECEIPTS)
        told = await repositories.sync.sessions([chat.bob.id], before.number, None, 9)
        assert [one.session_id for one in told] == [chat.session.id]

    async def test_an_operation_is_done_once(self, repositories: Repositories, chat: Chat) -> None:
        operation, to_store = Operation(chat.bob.id, uuid4(), b"hide"), repositories.showing.store
        assert await to_store(chat.bob.email, [chat.bob], None, UNSEEN_RECEIPTS, operation)
        await to_store(chat.bob.email, [chat.bob], None, EVERYTHING)
        assert await to_store(chat.bob.email, [chat.bob], None, UNSEEN_RECEIPTS, operation) == []
        assert await repositories.showing.of(chat.bob.email) == {None: EVERYTHING}
        with pytest.raises(IdempotencyConflict):
            await to_store(chat.bob.email, [chat.bob], None, EVERYTHING, operation._replace(digest=b"show"))

    async def test_a_user_has_settings_of_so_many_intents(self, repositories: Repositories, chat: Chat) -> None:
        to_store = repositories.showing.store
        for number in range(MAX_INTENTS + 1):
            intent = Intent(f"intent-{number}") if number else None
            await to_store(chat.bob.email, [chat.bob], intent, UNSEEN_RECEIPTS)
        await to_store(chat.bob.email, [chat.bob], None, EVERYTHING)
        await to_store(chat.bob.email, [chat.bob], Intent("intent-1"), EVERYTHING)
        with pytest.raises(Invalid):
            await to_store(chat.bob.email, [chat.bob], Intent("another"), EVERYTHING)
        assert len(await repositories.showing.of(chat.bob.email)) == MAX_INTENTS + 1
