"""What every store promises of what has changed since a position."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.changes import Reaction
from domain.identifiers import SessionId
from domain.message import Message
from domain.profile import Profile
from domain.rules.change_policy import hide, react
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.contract.suites.store.message_changes import rewrite
from tests.support.people import draft, person, session_of
from tests.support.postgres.storing import store

WRITERS = 10
SENDS = 10


class SyncContract(Contract):
    async def since(
        self, repositories: Repositories, reader: Profile, number: int, *, limit: int = 500, last: int | None = None
    ) -> list[Message]:
        """All that has changed, page by page."""
        found: list[Message] = []
        after: tuple[SessionId, int] | None = None
        while page := await repositories.sync.messages([reader.id], number, after, limit, last):
            found += page
            after = (page[-1].session_id, page[-1].seq)
            if len(page) < limit:
                break
        return found

    async def send(self, repositories: Repositories, chat: Chat, count: int) -> Sequence[Message]:
        await store(repositories.messages, chat.drafts(count))
        return await repositories.messages.latest(chat.session.id, count)

    async def test_nothing_has_changed_since_now(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat, 3)
        now = await repositories.sync.position()
        assert await repositories.sync.sessions([chat.ann.id], now.number, None, 10) == []
        assert await self.since(repositories, chat.ann, now.number) == []
        assert await repositories.sync.position() == now

    @pytest.mark.parametrize("limit", [1, 2, 500])
    async def test_new_and_changed_messages_are_read_in_their_present_form(
        self, repositories: Repositories, chat: Chat, limit: int
    ) -> None:
        old = await self.send(repositories, chat, 4)
        elsewhere = await repositories.sessions.get_or_create(session_of(chat.ann, person("carol")))
        before = await repositories.sync.position()
        new = await self.send(repositories, chat, 3)
        for message in (old[1], old[1], new[0]):
            await repositories.changes.change(
                message.session_id, message.id, lambda one, *_: react(one, chat.bob.id, "👍"), rewrite
            )
        await repositories.changes.change(
            old[2].session_id, old[2].id, lambda one, now, _: hide(one, chat.bob.id, now), rewrite
        )
        for reader in (chat.ann, chat.bob):
            told = await self.since(repositories, reader, before.number, limit=limit)
            assert [one.seq for one in told] == [2, 3, 5, 6, 7]
            assert told[0].changes.reactions == (Reaction(chat.bob.id, "👍"),)
        (marks,) = await repositories.sync.sessions([chat.ann.id], before.number, None, 10)
        assert (marks.session_id, marks.peer) == (chat.session.id, chat.bob.id)
        assert elsewhere.id != marks.session_id
        assert await self.since(repositories, person("eve"), before.number) == []

    async def test_an_opened_session_and_a_seen_mark_are_changes_of_the_session(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        await self.send(repositories, chat, 3)
        before = await repositories.sync.position()
        await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2)
        opened = await repositories.sessions.get_or_create(session_of(chat.ann, person("carol")))
        marks = {one.session_id: one for one in await repositories.sync.sessions([chat.ann.id], before.number, None, 9)}
        assert set(marks) == {chat.session.id, opened.id}
        assert (marks[chat.session.id].seen_to, marks[chat.session.id].delivered_to) == (2, 2)
        assert marks[chat.session.id].own_seen_to == 0
        (own,) = await repositories.sync.sessions([chat.bob.id], before.number, None, 9)
        assert (own.own_seen_to, own.seen_to) == (2, 0)
        assert await self.since(repositories, chat.ann, before.number) == []
        found = await repositories.sessions.overview([chat.ann.id], None, None, 9, only=[opened.id])
        assert [one.session.id for one in found] == [opened.id]

    async def test_sessions_come_in_pages(self, repositories: Repositories, chat: Chat) -> None:
        opened = [await repositories.sessions.get_or_create(session_of(chat.ann, person(f"p{n}"))) for n in range(5)]
        wanted = sorted(session.id for session in (*opened, chat.session))
        found: list[SessionId] = []
        while page := await repositories.sync.sessions([chat.ann.id], 0, found[-1] if found else None, 2):
            found += [one.session_id for one in page]
        assert found == wanted

    async def test_a_full_read_has_the_last_messages_of_each_session(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        await self.send(repositories, chat, 6)
        told = await self.since(repositories, chat.bob, 0, limit=2, last=3)
        assert [one.seq for one in told] == [4, 5, 6]

    async def test_concurrent_writers_never_hide_a_change_from_a_reader(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        carol = person("carol")
        sessions = [chat.session, await repositories.sessions.get_or_create(session_of(chat.bob, carol))]
        writing = asyncio.gather(*(self.write(repositories, chat, carol, n) for n in range(WRITERS)))
        number, told = 0, set[tuple[SessionId, int]]()
        is_last = False
        while not is_last:
            is_last = writing.done()
            position = await repositories.sync.position()
            told |= {(one.session_id, one.seq) for one in await self.since(repositories, chat.bob, number, limit=7)}
            number = position.number
            await asyncio.sleep(0)
        await writing
        for session in sessions:
            stored = await repositories.messages.latest(session.id, 500)
            assert {(session.id, one.seq) for one in stored} <= told
        assert len(told) == WRITERS * SENDS * 2

    async def write(self, repositories: Repositories, chat: Chat, carol: Profile, number: int) -> None:
        for _ in range(SENDS):
            there = session_of(chat.bob, carol)
            batch = [draft(chat.session, chat.ann, chat.bob, str(number))]
            found = await repositories.sessions.get_or_create(there)
            await store(repositories.messages, [*batch, draft(found, carol, chat.bob, str(number))])
            await asyncio.sleep(0)
