"""What every store promises of blocks, and of what they withhold."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from application.ports.blocks import Blocking
from application.ports.changes.message_changes import Operation
from application.ports.messages import Repeated, Sending, Stored
from domain import blocks
from domain.blocks import Block, Scope
from domain.changes import Reaction
from domain.errors import IdempotencyConflict, Invalid, MessageNotFound, ProfileNotFound, YouBlocked
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.message import Message
from domain.profile import Profile
from domain.rules.change_policy import react
from domain.rules.standing import withheld, withholds
from domain.rules.visibility import is_withheld, marks_for, show
from domain.session import ChatSession, Pair
from domain.showing import Showing
from domain.standing import OPEN, Standing
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import NOW, draft, person, ref, session_of
from tests.support.postgres.storing import store

WORK = Intent("work")
SENDERS = 20


def of(chat: Chat, *, mine: Sequence[Profile] = (), theirs: Sequence[Profile] = ()) -> Blocking:
    """Ann blocks Bob."""
    return Blocking(
        chat.ann.email,
        [profile.id for profile in (chat.ann, *mine)],
        chat.bob.id,
        [profile.id for profile in (chat.bob, *theirs)],
    )


class BlockContract(Contract):
    """Ann blocks Bob, who writes to her."""

    async def block(self, repositories: Repositories, chat: Chat, scope: Scope | None = Scope.ALL) -> Sequence[Block]:
        await repositories.tick()
        return await repositories.blocks.block(of(chat), scope)

    async def send(self, repositories: Repositories, chat: Chat, *, by_ann: bool = False) -> Message:
        await repositories.tick()
        sides = (chat.ann, chat.bob) if by_ann else (chat.bob, chat.ann)
        (stored,) = await store(repositories.messages, [draft(chat.session, *sides)])
        assert isinstance(stored, Stored), stored
        return stored.message

    async def is_blocked(self, repositories: Repositories, session_id: SessionId, by: ProfileId) -> bool:
        return by in (await repositories.sessions.standings([session_id]))[session_id].blocks

    async def test_what_is_sent_after_a_block_is_withheld_for_ever(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        before = await self.send(repositories, chat)
        (made,) = await self.block(repositories, chat)
        assert (made.profile_id, made.scope) == (chat.bob.id, Scope.ALL)
        assert await self.block(repositories, chat) == []
        after = await self.send(repositories, chat)
        assert (before.withheld, after.withheld, after.seq) == (False, True, 2)
        (ended,) = await self.block(repositories, chat, None)
        assert (ended.profile_id, ended.scope) == (chat.bob.id, None)
        assert await self.block(repositories, chat, None) == []
        last = await self.send(repositories, chat)
        read = await repositories.messages.latest(chat.session.id, 9)
        assert [one.withheld for one in read] == [False, True, False]
        assert [is_withheld(one, chat.ann.id) for one in read] == [False, True, False]
        assert not any(is_withheld(one, chat.bob.id) for one in read)
        assert last.seq == 3
        told = await repositories.sync.messages([chat.ann.id], 0, None, 9)
        assert [(one.seq, one.withheld) for one in told] == [(1, False), (2, True), (3, False)]

    async def test_the_blocker_writes_nothing_itself(self, repositories: Repositories, chat: Chat) -> None:
        mine = chat.drafts(1)[0]
        await store(repositories.messages, [mine])
        await self.block(repositories, chat)
        outcomes = await store(repositories.messages, [*chat.drafts(1), mine, draft(chat.session, chat.bob, chat.ann)])
        assert [type(one) for one in outcomes] == [YouBlocked, Repeated, Stored]
        await self.block(repositories, chat, None)
        assert (await self.send(repositories, chat, by_ann=True)).seq == 3

    async def test_a_withheld_message_is_in_no_list_and_no_count(self, repositories: Repositories, chat: Chat) -> None:
        shown = await self.send(repositories, chat)
        await self.block(repositories, chat)
        for _ in range(3):
            await self.send(repositories, chat)
        (mine,) = await repositories.sessions.overview([chat.ann.id], None, None, 9)
        assert (mine.last_message, mine.last_seq, mine.unread) == (shown, 1, 1)
        assert mine.active_at == shown.sent_at
        (theirs,) = await repositories.sessions.overview([chat.bob.id], None, None, 9)
        assert (theirs.last_seq, theirs.last_message and theirs.last_message.seq) == (4, 4)
        assert await repositories.messages.unseen(chat.session.id, chat.ann.id, 9) == [shown]
        totals = await repositories.unread.totals({chat.ann.email: [chat.ann.id]})
        assert totals.totals[chat.ann.email].total == 1
        undelivered = await repositories.messages.undelivered([chat.ann.id], None, 9)
        assert [one.seq for one in undelivered] == [1]
        await repositories.messages.mark_seen(chat.session.id, chat.ann.id, 1)
        assert await repositories.unread.mark_unread(chat.session.id, chat.ann.id, 1), "counted from scratch"
        (mine,) = await repositories.sessions.overview([chat.ann.id], None, None, 9)
        assert mine.unread == 1
        await self.block(repositories, chat, None)
        new = await self.send(repositories, chat)
        (mine,) = await repositories.sessions.overview([chat.ann.id], None, None, 9)
        assert (mine.last_message, mine.last_seq, mine.unread, mine.active_at) == (new, 5, 2, new.sent_at)

    async def test_an_older_session_keeps_its_place(self, repositories: Repositories, chat: Chat) -> None:
        carol = person("carol")
        await self.send(repositories, chat)
        await self.block(repositories, chat)
        await repositories.tick()
        newer = await repositories.sessions.get_or_create(session_of(chat.ann, carol))
        await store(repositories.messages, [draft(newer, carol, chat.ann)])
        await self.send(repositories, chat)
        found = await repositories.sessions.overview([chat.ann.id], None, None, 9)
        assert [one.session.id for one in found] == [newer.id, chat.session.id]
        unread = await repositories.unread.sessions([chat.ann.id], 9)
        assert [one.session_id for one in unread] == [newer.id, chat.session.id]

    async def test_a_session_with_nothing_to_see_is_not_listed_for_the_blocker(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        await self.block(repositories, chat)
        await self.send(repositories, chat)
        assert await repositories.sessions.overview([chat.ann.id], None, None, 9) == []
        assert len(await repositories.sessions.overview([chat.bob.id], None, None, 9)) == 1

    async def test_no_receipt_is_shown_across_a_block(self, repositories: Repositories, chat: Chat) -> None:
        sent = [await self.send(repositories, chat) for _ in range(3)]
        sending = Sending(chat.session.id, chat.bob.id)
        await repositories.messages.mark_delivered_durably([ref(sent[0]), ref(sent[1])])
        assert await repositories.messages.delivered_up_to({sending: 0}) == {sending: 2}
        before = await repositories.sync.position()
        await self.block(repositories, chat)
        await self.send(repositories, chat)
        await repositories.messages.mark_delivered_durably([ref(sent[2])])
        assert await repositories.messages.delivered_up_to({sending: 0}) == {}
        assert (await repositories.messages.mark_seen(chat.session.id, chat.ann.id, 4)).shown_to is None
        read = await repositories.messages.latest(chat.session.id, 9)
        shown = [marks_for(one, chat.bob.id) for one in read]
        assert [one.delivered for one in shown] == [True, True, False, False], "what was shown stays"
        assert not any(one.seen for one in shown)
        (theirs,) = await repositories.sessions.overview([chat.bob.id], None, None, 9)
        assert (theirs.delivered_to, theirs.seen_to) == (2, 0)
        (resumed,) = await repositories.sync.sessions([chat.bob.id], before.number, None, 9)
        assert (resumed.delivered_to, resumed.seen_to) == (2, 0)
        await self.block(repositories, chat, None)
        new = await self.send(repositories, chat)
        await repositories.messages.mark_delivered_durably([ref(new)])
        assert await repositories.messages.delivered_up_to({sending: 0}) == {sending: 5}
        assert (await repositories.messages.mark_seen(chat.session.id, chat.ann.id, 5)).shown_to == 5

    async def test_settings_and_blocks_hide_the_receipts_together(self, repositories: Repositories, chat: Chat) -> None:
        sending = Sending(chat.session.id, chat.bob.id)
        await self.send(repositories, chat)
        no_receipts = Showing(seen_receipts=False, delivered_receipts=False)
        await repositories.showing.store(chat.ann.email, [chat.ann], None, no_receipts)
        await self.block(repositories, chat)
        await repositories.showing.store(chat.ann.email, [chat.ann], None, Showing())
        sent = await repositories.messages.latest(chat.session.id, 1)
        await repositories.messages.mark_delivered_durably([ref(one) for one in sent])
        (read,) = await repositories.messages.latest(chat.session.id, 1)
        assert not marks_for(read, chat.bob.id).delivered
        await repositories.showing.store(chat.bob.email, [chat.bob], None, no_receipts)
        await self.block(repositories, chat, None)
        (read,) = await repositories.messages.latest(chat.session.id, 1)
        assert not marks_for(read, chat.bob.id).delivered
        await repositories.showing.store(chat.bob.email, [chat.bob], None, Showing())
        assert await repositories.messages.delivered_up_to({sending: 0}) == {sending: 1}

    async def test_the_blocked_one_learns_nothing_from_a_resume(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat)
        before = await repositories.sync.position()
        await self.block(repositories, chat)
        await repositories.messages.mark_seen(chat.session.id, chat.ann.id, 1)
        await self.block(repositories, chat, None)
        assert await repositories.sync.sessions([chat.bob.id], before.number, None, 9) == []
        assert await repositories.sync.messages([chat.bob.id], before.number, None, 9) == []
        mine = await repositories.sync.sessions([chat.ann.id], before.number, None, 9)
        assert [one.own_seen_to for one in mine] == [1]

    async def test_blocks_are_told_in_a_resume_and_listed_in_pages(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        before = await repositories.sync.position()
        others = [chat.bob, *(person(f"p{number}") for number in range(4))]
        for other in others:
            await repositories.sessions.get_or_create(
                session_of(chat.ann, other) if other != chat.bob else chat.session
            )
            who = Blocking(chat.ann.email, [chat.ann.id], other.id, [other.id])
            assert await repositories.blocks.block(who, Scope.INTENT)
        assert {one.profile_id for one in await repositories.blocks.changed([chat.ann.id], before.number)} == {
            other.id for other in others
        }
        listed: list[ProfileId] = []
        after = None
        while page := await repositories.blocks.page([chat.ann.id], after, 2):
            listed += [one.profile_id for one in page]
            after = page[-1].profile_id
        assert listed == sorted(other.id for other in others)
        now = await repositories.sync.position()
        assert await repositories.blocks.changed([chat.ann.id], now.number) == []
        await self.block(repositories, chat, None)
        (ended,) = await repositories.blocks.changed([chat.ann.id], now.number)
        assert (ended.profile_id, ended.scope) == (chat.bob.id, None)
        assert len(await repositories.blocks.changed([chat.ann.id], 0)) == len(others) - 1
        assert len(await repositories.blocks.page([chat.ann.id], None, 9)) == len(others) - 1
        assert await repositories.blocks.page([chat.bob.id], None, 9) == []

    async def test_a_block_of_all_holds_in_all_sessions_of_the_two_people(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        at_work, bob_at_work = person("ann", WORK), person("bob", WORK)
        await repositories.directory.remember((at_work, bob_at_work))
        emails = {one.id: one.email for one in (at_work, bob_at_work, chat.ann, chat.bob)}
        who = of(chat, mine=[at_work], theirs=[bob_at_work])
        await repositories.blocks.block(who, Scope.ALL)
        working = await repositories.sessions.get_or_create(session_of(at_work, bob_at_work), emails)
        assert await self.is_blocked(repositories, working.id, at_work.id)
        assert await repositories.blocks.block(who, Scope.INTENT)
        assert not await self.is_blocked(repositories, working.id, at_work.id)
        assert await self.is_blocked(repositories, chat.session.id, chat.ann.id)
        assert await repositories.blocks.block(who, Scope.ALL)
        assert await self.is_blocked(repositories, working.id, at_work.id)
        as_peer_at_work = who._replace(target=bob_at_work.id)
        (ended,) = await repositories.blocks.block(as_peer_at_work, None)
        assert ended.profile_id == chat.bob.id
        for session in (chat.session, working):
            assert await repositories.sessions.standings([session.id]) == {session.id: OPEN}

    async def test_a_block_of_an_intent_holds_for_that_alone(self, repositories: Repositories, chat: Chat) -> None:
        at_work, bob_at_work = person("ann", WORK), person("bob", WORK)
        await repositories.directory.remember((at_work, bob_at_work))
        await repositories.blocks.block(of(chat, mine=[at_work], theirs=[bob_at_work]), Scope.INTENT)
        emails = {one.id: one.email for one in (at_work, bob_at_work)}
        working = await repositories.sessions.get_or_create(session_of(at_work, bob_at_work), emails)
        assert await repositories.sessions.standings([working.id]) == {working.id: OPEN}

    async def test_a_session_that_is_opened_meanwhile_is_blocked_as_well(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        intents = [Intent(f"i{number}") for number in range(8)]
        mine = [person("ann", intent) for intent in intents]
        theirs = [person("bob", intent) for intent in intents]
        await repositories.directory.remember((*mine, *theirs))
        opening = (
            repositories.sessions.get_or_create(
                ChatSession(SessionId(uuid4()), Pair.of(one.id, other.id), one.intent, NOW),
                {one.id: one.email, other.id: other.email},
            )
            for one, other in zip(mine, theirs, strict=True)
        )
        blocking = repositories.blocks.block(of(chat, mine=mine, theirs=theirs), Scope.ALL)
        *opened, _ = await asyncio.gather(*opening, blocking)
        for session, one in zip(opened, mine, strict=True):
            assert isinstance(session, ChatSession)
            assert await self.is_blocked(repositories, session.id, one.id)

    async def test_a_send_is_before_the_block_or_withheld(self, repositories: Repositories, chat: Chat) -> None:
        gate = asyncio.Event()

        async def send() -> Message:
            await gate.wait()
            return await self.send(repositories, chat)

        async def block() -> int:
            await gate.wait()
            await self.block(repositories, chat)
            return await repositories.messages.last_seq(chat.session.id)

        sends = [asyncio.create_task(send()) for _ in range(SENDERS // 2)]
        blocking = asyncio.create_task(block())
        sends += [asyncio.create_task(send()) for _ in range(SENDERS // 2)]
        gate.set()
        up_to = await blocking
        stored = sorted([(one.seq, one.withheld) for one in await asyncio.gather(*sends)])
        assert [seq for seq, _ in stored] == list(range(1, SENDERS + 1))
        flags = [is_withheld for _, is_withheld in stored]
        assert flags == sorted(flags), "a first part before the block, all others after it"
        assert all(flags[up_to:])

    async def test_changes_of_the_blocked_one_are_kept_from_the_blocker(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        theirs, mine = await self.send(repositories, chat), await self.send(repositories, chat, by_ann=True)
        await self.block(repositories, chat)

        def edit(message: Message, _: object, standing: Standing) -> Message:
            changes = message.changes._replace(shared=1, edited_at=message.sent_at)
            return withheld(message._replace(content="abuse", changes=changes), standing, chat.ann.id)

        def like(message: Message, _: object, standing: Standing) -> Message:
            return react(message, chat.bob.id, "👍", withheld=withholds(standing, chat.ann.id))

        for message, rule in ((theirs, edit), (mine, like)):
            changed = await repositories.changes.change(chat.session.id, message.id, rule, lambda _: {})
            assert changed.is_new
            assert chat.ann.id in changed.standing.blocks
        first, second = await repositories.messages.latest(chat.session.id, 2)
        assert show(first, chat.ann.id).content is None
        assert show(first, chat.bob.id).content == "abuse"
        assert show(second, chat.ann.id).reactions == ()
        assert show(second, chat.bob.id).reactions == (Reaction(chat.bob.id, "👍", withheld=True),)
        (entry,) = await repositories.sessions.overview([chat.ann.id], None, None, 9)
        assert (entry.unread, entry.last_message and entry.last_message.seq) == (0, 2)
        with pytest.raises(MessageNotFound):
            await repositories.changes.change(
                chat.session.id, theirs.id, lambda message, *_: react(message, chat.ann.id, "👍"), lambda _: {}
            )

    async def test_an_archived_session_stays_in_the_archive(self, repositories: Repositories, chat: Chat) -> None:
        await self.send(repositories, chat)
        await self.block(repositories, chat)
        await repositories.tick()
        await repositories.conversations.change(
            chat.session.id,
            chat.ann.id,
            lambda conversation, activity, _: conversation._replace(archived_to=activity.last_seq),
        )
        await self.send(repositories, chat)
        assert len(await repositories.sessions.overview([chat.ann.id], None, None, 9, archived=True)) == 1
        activities = []
        await repositories.conversations.change(
            chat.session.id,
            chat.ann.id,
            lambda conversation, activity, _: (activities.append(activity.last_seq), conversation)[1],  # type: ignore[func-returns-value]
        )
        assert activities == [1]

    async def test_only_a_peer_can_be_blocked(self, repositories: Repositories, chat: Chat) -> None:
        stranger = person("eve")
        await repositories.directory.remember((stranger,))
        for target in (stranger.id, chat.ann.id, ProfileId(uuid4())):
            who = Blocking(chat.ann.email, [chat.ann.id], target, [target])
            for scope in (Scope.ALL, None):
                with pytest.raises(ProfileNotFound):
                    await repositories.blocks.block(who, scope)
        with pytest.raises(ProfileNotFound):
            await repositories.blocks.block(Blocking(Email("new@example.org"), [], chat.bob.id, [chat.bob.id]), None)

    async def test_there_are_so_many_blocks(
        self, repositories: Repositories, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("adapters.memory.store.blocks", "adapters.postgres.sessions.blocks"):
            monkeypatch.setattr(f"{module}.MAX_BLOCKS", 1)
        assert blocks.MAX_BLOCKS > 1
        await self.block(repositories, chat)
        await self.block(repositories, chat, Scope.INTENT)
        carol = person("carol")
        await repositories.sessions.get_or_create(session_of(chat.ann, carol))
        who = Blocking(chat.ann.email, [chat.ann.id], carol.id, [carol.id])
        with pytest.raises(Invalid):
            await repositories.blocks.block(who, Scope.INTENT)
        await self.block(repositories, chat, None)
        assert await repositories.blocks.block(who, Scope.INTENT)

    async def test_an_operation_is_done_once(self, repositories: Repositories, chat: Chat) -> None:
        operation = Operation(chat.ann.id, uuid4(), b"block")
        assert await repositories.blocks.block(of(chat), Scope.ALL, operation)
        await self.block(repositories, chat, None)
        assert await repositories.blocks.block(of(chat), Scope.ALL, operation) == []
        assert not await self.is_blocked(repositories, chat.session.id, chat.ann.id)
        with pytest.raises(IdempotencyConflict):
            await repositories.blocks.block(of(chat), None, operation._replace(digest=b"end"))

    async def test_the_time_of_a_block_is_kept(self, repositories: Repositories, chat: Chat) -> None:
        (made,) = await self.block(repositories, chat)
        await repositories.pass_time(timedelta(hours=1))
        (changed,) = await self.block(repositories, chat, Scope.INTENT)
        assert made.blocked_at - changed.blocked_at in (timedelta(), timedelta(hours=1)), "as old as it has become"
