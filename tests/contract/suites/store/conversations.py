"""What every store promises of each side's own state of a session."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from application.ports.changes.message_changes import OPERATIONS_KEPT, Operation
from application.ports.sessions import SessionOverview, SessionPosition
from domain.conversation import UNTOUCHED, Activity, Conversation, ConversationChange
from domain.errors import IdempotencyConflict, SessionNotFound
from domain.identifiers import SessionId
from domain.profile import Profile
from domain.rules.conversations import changed, is_archived
from domain.session import ChatSession
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import draft, person, session_of
from tests.support.postgres.storing import store

ARCHIVE = ConversationChange(archived=True)
PIN = ConversationChange(pinned=True)
HOUR = timedelta(hours=1)


async def change(
    repositories: Repositories,
    session: ChatSession,
    reader: Profile,
    wanted: ConversationChange,
    operation: Operation | None = None,
) -> bool:
    await repositories.tick()

    def rule(conversation: Conversation, activity: Activity, now: object) -> Conversation:
        return changed(conversation, wanted, activity, now)  # type: ignore[arg-type]

    return await repositories.conversations.change(session.id, reader.id, rule, operation)


async def mute(repositories: Repositories, session: ChatSession, reader: Profile, time: timedelta) -> None:
    await repositories.tick()
    await repositories.conversations.change(
        session.id,
        reader.id,
        lambda conversation, activity, now: changed(
            conversation, ConversationChange(muted_until=now + time), activity, now
        ),
    )


async def shown(repositories: Repositories, reader: Profile, archived: bool | None = None) -> Sequence[SessionOverview]:
    return await repositories.sessions.overview([reader.id], None, None, 50, archived=archived)


class ConversationContract(Contract):
    """Ann's side of sessions with Bob and with others."""

    async def send(self, repositories: Repositories, chat: Chat) -> None:
        await repositories.tick()
        await store(repositories.messages, [draft(chat.session, chat.bob, chat.ann)])

    async def is_archived(self, repositories: Repositories, chat: Chat) -> bool:
        """As the list and the rule say, which agree."""
        (everything,) = await shown(repositories, chat.ann)
        inside = bool(await shown(repositories, chat.ann, archived=True))
        assert len(await shown(repositories, chat.ann, archived=False)) == 1 - inside
        assert is_archived(everything.conversation, Activity(everything.last_seq, everything.active_at)) == inside
        return inside

    async def test_a_state_is_shown_to_its_own_side_alone(self, repositories: Repositories, chat: Chat) -> None:
        wanted = ConversationChange(archived=True, pinned=True, draft="hello")
        assert await change(repositories, chat.session, chat.ann, wanted)
        assert not await change(repositories, chat.session, chat.ann, wanted)
        (mine,) = await shown(repositories, chat.ann)
        assert (mine.conversation.draft, mine.conversation.archived_to, mine.is_first) == ("hello", 0, True)
        (theirs,) = await shown(repositories, chat.bob)
        assert (theirs.conversation, theirs.is_first) == (UNTOUCHED, False)
        assert await change(repositories, chat.session, chat.ann, ConversationChange(draft="", pinned=False))
        (mine,) = await shown(repositories, chat.ann)
        assert (mine.conversation.draft, mine.conversation.pinned_at) == ("", None)

    async def test_a_message_takes_a_session_out_of_the_archive(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat)
        await change(repositories, chat.session, chat.ann, ARCHIVE)
        assert await self.is_archived(repositories, chat)
        await self.send(repositories, chat)
        assert not await self.is_archived(repositories, chat)

    async def test_a_muted_session_stays_in_the_archive(self, repositories: Repositories, chat: Chat) -> None:
        await change(repositories, chat.session, chat.ann, ARCHIVE)
        await mute(repositories, chat.session, chat.ann, HOUR)
        await self.send(repositories, chat)
        assert await self.is_archived(repositories, chat)
        await change(repositories, chat.session, chat.ann, ConversationChange(muted_until=None))
        assert await self.is_archived(repositories, chat)
        await self.send(repositories, chat)
        assert not await self.is_archived(repositories, chat)

    async def test_a_message_after_the_mute_brings_the_session_back(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        await mute(repositories, chat.session, chat.ann, HOUR)
        await change(repositories, chat.session, chat.ann, ARCHIVE)
        await self.send(repositories, chat)
        await repositories.pass_time(2 * HOUR)
        assert await self.is_archived(repositories, chat)
        await self.send(repositories, chat)
        assert not await self.is_archived(repositories, chat)
        await mute(repositories, chat.session, chat.ann, HOUR)
        assert not await self.is_archived(repositories, chat)

    @pytest.mark.parametrize("size", [1, 2, 3, 50])
    async def test_pinned_sessions_come_first_and_each_session_once(
        self, repositories: Repositories, chat: Chat, size: int
    ) -> None:
        sessions = [chat.session]
        for name in ("carol", "dave", "erin", "fred"):
            await repositories.tick()
            sessions.append(await repositories.sessions.get_or_create(session_of(chat.ann, person(name))))
        for number in (0, 3):
            await change(repositories, sessions[number], chat.ann, PIN)
        await repositories.tick()
        found: list[SessionId] = []
        after = None
        while True:
            page = await repositories.sessions.overview([chat.ann.id], None, after, size)
            if not page:
                break
            found += [one.session.id for one in page]
            last = page[-1]
            after = SessionPosition(last.as_of, last.active_at, last.session.id, last.is_first)
            await change(repositories, sessions[1], chat.ann, PIN)  # too late for this listing
        assert found == [sessions[number].id for number in (3, 0, 4, 2, 1)]

    async def test_a_changed_state_is_an_event_of_its_own_side_only(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        before = await repositories.sync.position()
        await change(repositories, chat.session, chat.ann, PIN)
        told = await repositories.sync.sessions([chat.ann.id], before.number, None, 9)
        assert [one.session_id for one in told] == [chat.session.id]
        assert await repositories.sync.sessions([chat.bob.id], before.number, None, 9) == []
        assert await repositories.sync.messages([chat.ann.id], before.number, None, 9) == []
        now = await repositories.sync.position()
        assert await repositories.sync.sessions([chat.ann.id], now.number, None, 9) == []

    async def test_an_operation_is_done_once(self, repositories: Repositories, chat: Chat) -> None:
        operation = Operation(chat.ann.id, uuid4(), b"pin")
        do = partial(change, repositories, chat.session, chat.ann)
        assert await do(PIN, operation)
        assert await do(ConversationChange(pinned=False))
        assert not await do(PIN, operation)
        (mine,) = await shown(repositories, chat.ann)
        assert mine.conversation.pinned_at is None
        with pytest.raises(IdempotencyConflict):
            await do(ARCHIVE, operation._replace(digest=b"archive"))
        await repositories.pass_time(OPERATIONS_KEPT + HOUR)
        assert await do(PIN, operation)

    async def test_a_session_that_is_not_there_has_no_state(self, repositories: Repositories, chat: Chat) -> None:
        with pytest.raises(SessionNotFound):
            await change(repositories, session_of(chat.ann, chat.bob), chat.ann, PIN)
