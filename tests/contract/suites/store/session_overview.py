"""What every store promises of the overview of a person's sessions."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from application.ports.sessions import SessionOverview, SessionPosition
from domain.identifiers import Intent, SessionId
from domain.profile import Profile
from domain.session import ChatSession
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, NOW, draft, envelope, person, session_of


class SessionOverviewContract(Contract):
    """Ann's sessions. `write` stores a message of a peer's in one of them, later than all before it."""

    @pytest.fixture
    async def sessions(self, repositories: Repositories, chat: Chat) -> list[ChatSession]:
        return [await self.open(repositories, chat, "peer") for _ in range(5)]

    async def open(self, repositories: Repositories, chat: Chat, name: str) -> ChatSession:
        await repositories.tick()
        return await repositories.sessions.get_or_create(session_of(chat.ann, person(name)))

    async def write(self, repositories: Repositories, chat: Chat, session: ChatSession, times: int = 1) -> None:
        await repositories.tick()
        peer = replace(chat.bob, id=session.peer_of(chat.ann.id))
        drafts = [draft(session, peer, chat.ann) for _ in range(times)]
        await repositories.messages.append(drafts, CLAIM, envelope)

    async def test_sessions_are_listed_by_latest_activity(
        self, repositories: Repositories, chat: Chat, sessions: list[ChatSession]
    ) -> None:
        for number in (3, 1, 3, 0):
            await self.write(repositories, chat, sessions[number])
        listed = await repositories.sessions.overview([chat.ann.id], None, None, 10)
        wanted = [sessions[number] for number in (0, 3, 1)]
        silent = [sessions[4], sessions[2], chat.session]
        assert [one.session for one in listed] == wanted + sorted(silent, key=lambda one: one.created_at, reverse=True)
        assert [one.last_seq for one in listed] == [1, 2, 1, 0, 0, 0]
        assert {one.reader for one in listed} == {chat.ann.id}
        for one in listed:
            last = await repositories.messages.latest(one.session.id, 1)
            assert ([one.last_message] if one.last_message else []) == list(last)
            assert one.active_at == (last[0].sent_at if last else one.session.created_at)

    async def test_an_intent_filters_the_sessions(self, repositories: Repositories, chat: Chat) -> None:
        at_work = await repositories.sessions.get_or_create(
            ChatSession(SessionId(uuid4()), chat.session.pair, Intent("work"), NOW)
        )
        overview = repositories.sessions.overview
        assert [one.session for one in await overview([chat.ann.id], Intent("work"), None, 10)] == [at_work]
        assert {one.session for one in await overview([chat.bob.id], None, None, 10)} == {chat.session, at_work}
        assert list(await overview([chat.ann.id], Intent("none"), None, 10)) == []
        assert list(await overview([person("eve").id], None, None, 10)) == []
        assert list(await overview([], None, None, 10)) == []

    async def test_a_session_between_two_readers_comes_once(self, repositories: Repositories, chat: Chat) -> None:
        (one,) = await repositories.sessions.overview(chat.session.pair, None, None, 10)
        assert (one.session, one.reader) == (chat.session, chat.session.pair.low)

    @pytest.mark.parametrize("limit", [1, 2, 5])
    async def test_each_session_comes_once_while_messages_arrive(
        self,
        repositories: Repositories,
        chat: Chat,
        sessions: list[ChatSession],
        limit: int,
    ) -> None:
        for session in sessions[:3]:
            await self.write(repositories, chat, session)
        wanted = [one.session for one in await repositories.sessions.overview([chat.ann.id], None, None, 100)]
        found: list[SessionOverview] = []
        after: SessionPosition | None = None
        while page := await repositories.sessions.overview([chat.ann.id], None, after, limit):
            assert len(page) <= limit
            found += page
            after = SessionPosition(found[0].as_of, page[-1].active_at, page[-1].session.id)
            await self.write(repositories, chat, sessions[0])
            await self.write(repositories, chat, sessions[4])
            await self.open(repositories, chat, "new")
        assert [one.session for one in found] == wanted

    @pytest.mark.parametrize("limit", [1, 2])
    async def test_each_session_comes_once_though_some_times_are_ahead(
        self, repositories: Repositories, chat: Chat, sessions: list[ChatSession], limit: int
    ) -> None:
        for session in sessions[:2]:
            await self.write(repositories, chat, session)
        await repositories.pass_time(timedelta(hours=-1))  # as if an instance whose clock is ahead had stored them
        for session in sessions[2:4]:
            await self.write(repositories, chat, session)
        found: list[SessionOverview] = []
        after: SessionPosition | None = None
        while page := await repositories.sessions.overview([chat.ann.id], None, after, limit):
            found += page
            after = SessionPosition(page[-1].as_of, page[-1].active_at, page[-1].session.id)
            for session in sessions:
                await self.write(repositories, chat, session)
        assert sorted(one.session.id for one in found) == sorted(one.id for one in (*sessions, chat.session))

    async def test_of_two_readings_the_newer_one_has_the_later_time_of_the_store(
        self, repositories: Repositories, chat: Chat, sessions: list[ChatSession]
    ) -> None:
        (first,) = await repositories.sessions.overview([chat.ann.id], None, None, 1)
        await self.write(repositories, chat, sessions[0])
        await repositories.tick()
        position = SessionPosition(first.as_of, first.active_at, first.session.id)
        (second,) = await repositories.sessions.overview([chat.ann.id], None, position, 1)
        assert (first.read_at, second.as_of) == (first.as_of, first.as_of)
        assert second.read_at > first.read_at

    async def test_a_page_keeps_its_order_and_shows_present_values(
        self, repositories: Repositories, chat: Chat, sessions: list[ChatSession]
    ) -> None:
        for session in sessions[:2]:
            await self.write(repositories, chat, session)
        (first,) = await repositories.sessions.overview([chat.ann.id], None, None, 1)
        await self.write(repositories, chat, sessions[0], 2)
        after = SessionPosition(first.active_at, first.active_at, first.session.id)
        (second,) = await repositories.sessions.overview([chat.ann.id], None, after, 1)
        assert (second.session, second.last_seq, second.unread) == (sessions[0], 3, 3)
        assert second.last_message is not None
        assert second.last_message.seq == 3
        assert second.active_at < first.active_at

    async def test_unread_counts_messages_of_the_peer_that_are_not_seen(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        drafts = [*chat.drafts(3), draft(chat.session, chat.bob, chat.ann)]
        await repositories.messages.append(drafts, CLAIM, envelope)

        async def unread(reader: Profile) -> int:
            (one,) = await repositories.sessions.overview([reader.id], None, None, 10)
            return one.unread

        assert (await unread(chat.ann), await unread(chat.bob)) == (1, 3)
        await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2)
        assert (await unread(chat.ann), await unread(chat.bob)) == (1, 1)

    async def test_unread_is_exact_beyond_a_thousand(self, repositories: Repositories, chat: Chat) -> None:
        await repositories.messages.append(chat.drafts(1_500), CLAIM, envelope)
        (one,) = await repositories.sessions.overview([chat.bob.id], None, None, 10)
        assert (one.unread, one.last_seq) == (1_500, 1_500)
