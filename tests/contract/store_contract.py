"""What every store promises, whatever keeps the rows. An adapter's test gives a `repositories` fixture."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

import pytest

from application.ports.messages import MessageRepository, Reached, Repeated, Sending, Stored
from application.ports.outbox import FailedTry, Outbox
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import UNREAD_WINDOW, SessionOverview, SessionPosition, SessionRepository
from domain.errors import IdempotencyConflict, SessionNotFound, TransactionAborted
from domain.identifiers import Intent, MessageId, SessionId
from domain.message import Draft
from domain.profile import Profile
from domain.session import ChatSession
from tests.support.people import CLAIM, NOW, draft, envelope, person, session_of, transaction
from tests.support.postgres.storing import store


async def no_time_passes(_: timedelta = timedelta()) -> None: ...


@dataclass(frozen=True)
class Repositories:
    sessions: SessionRepository
    messages: MessageRepository
    outbox: Outbox
    directory: ProfileDirectory
    pass_time: Callable[[timedelta], Awaitable[None]] = field(repr=False, default=no_time_passes)
    """Makes everything that is stored so much older."""
    tick: Callable[[], Awaitable[None]] = field(repr=False, default=no_time_passes)
    """What is stored after it is newer than what was stored before."""


@dataclass(frozen=True)
class Chat:
    ann: Profile
    bob: Profile
    session: ChatSession

    def drafts(self, count: int) -> list[Draft]:
        return [draft(self.session, self.ann, self.bob, f"message {number}") for number in range(1, count + 1)]


class Contract:
    @pytest.fixture
    async def chat(self, repositories: Repositories) -> Chat:
        ann, bob = person("ann"), person("bob")
        await repositories.directory.remember((ann, bob))
        return Chat(ann, bob, await repositories.sessions.get_or_create(session_of(ann, bob)))


class SessionRepositoryContract(Contract):
    async def test_a_pair_has_one_session_however_many_ask_at_once(self, repositories: Repositories) -> None:
        ann, bob = person("ann"), person("bob")
        asked = [session_of(ann, bob) if number % 2 else session_of(bob, ann) for number in range(20)]
        answers = await asyncio.gather(*(repositories.sessions.get_or_create(session) for session in asked))
        assert len({session.id for session in answers}) == 1
        assert await repositories.sessions.find(answers[0].id) == answers[0]

    async def test_another_intent_is_another_session(self, repositories: Repositories, chat: Chat) -> None:
        other = ChatSession(
            session_of(chat.ann, chat.bob).id, chat.session.pair, Intent("work"), chat.session.created_at
        )
        assert (await repositories.sessions.get_or_create(other)).id == other.id

    async def test_an_unknown_session_is_none(self, repositories: Repositories) -> None:
        assert await repositories.sessions.find(session_of(person("ann"), person("bob")).id) is None


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

    async def test_the_newest_activity_first_and_then_what_was_opened_last(
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

    async def test_an_intent_narrows_and_strangers_have_none(self, repositories: Repositories, chat: Chat) -> None:
        at_work = await repositories.sessions.get_or_create(
            ChatSession(SessionId(uuid4()), chat.session.pair, Intent("work"), NOW)
        )
        overview = repositories.sessions.overview
        assert [one.session for one in await overview([chat.ann.id], Intent("work"), None, 10)] == [at_work]
        assert {one.session for one in await overview([chat.bob.id], None, None, 10)} == {chat.session, at_work}
        assert list(await overview([chat.ann.id], Intent("none"), None, 10)) == []
        assert list(await overview([person("eve").id], None, None, 10)) == []
        assert list(await overview([], None, None, 10)) == []

    async def test_a_session_with_oneself_on_both_sides_comes_once(
        self, repositories: Repositories, chat: Chat
    ) -> None:
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

    async def test_the_places_are_old_but_what_is_told_is_new(
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

    async def test_unread_is_what_the_peer_sent_and_the_reader_has_not_seen(
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

    async def test_unread_is_counted_among_the_last_messages(self, repositories: Repositories, chat: Chat) -> None:
        await repositories.messages.append(chat.drafts(UNREAD_WINDOW + 1), CLAIM, envelope)
        (one,) = await repositories.sessions.overview([chat.bob.id], None, None, 10)
        assert (one.unread, one.last_seq) == (UNREAD_WINDOW, UNREAD_WINDOW + 1)


class MessageRepositoryContract(Contract):
    async def test_messages_are_stored_in_order_and_numbered_without_a_hole(
        self, repositories: Repositories, chat: Chat
    ) -> None:
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
    async def test_a_used_client_id_with_something_else_is_a_conflict(
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

    async def test_racing_batches_leave_no_hole(self, repositories: Repositories, chat: Chat) -> None:
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

    async def test_a_transaction_is_stored_in_order(self, repositories: Repositories, chat: Chat) -> None:
        alone, *together = chat.drafts(4)
        outcomes = await repositories.messages.append([alone, *transaction(*together)], CLAIM, envelope)
        assert [one.message.seq for one in outcomes if isinstance(one, Stored)] == [1, 2, 3, 4]

    @pytest.mark.parametrize("why", ["conflict", "conflict within", "unknown session"])
    @pytest.mark.parametrize("place", [0, 1, 2])
    async def test_of_a_transaction_with_a_refused_draft_nothing_is_stored(
        self, repositories: Repositories, chat: Chat, why: str, place: int
    ) -> None:
        first, before, after, *good = chat.drafts(6)
        await repositories.messages.append([first], CLAIM, envelope)
        bad = {
            "conflict": draft(chat.session, chat.bob, chat.ann, "else", first.client_message_id),
            "conflict within": draft(chat.session, chat.ann, chat.bob, "else", before.client_message_id),
            "unknown session": draft(session_of(chat.ann, chat.bob), chat.ann, chat.bob),
        }[why]
        together = [*good[:place], bad, *good[place:2]]
        batch = [before, *transaction(*together), after, *transaction(*good)]
        outcomes = await repositories.messages.append(batch, CLAIM, envelope)
        refused, error = outcomes[1:4], {"unknown session": SessionNotFound}.get(why, IdempotencyConflict)
        assert [type(one) for one in refused] == [
            error if number == place else TransactionAborted for number in range(3)
        ]
        others = [outcomes[0], *outcomes[4:]]
        assert [one.message.seq for one in others if isinstance(one, Stored)] == [2, 3, 4, 5, 6]
        contents = [message.content for message in await repositories.messages.latest(chat.session.id, 10)]
        assert contents == [one.content for one in (first, before, after, *good)]
        assert (await repositories.outbox.status()).pending == 3 * len(contents)

    async def test_what_a_refused_transaction_would_have_stored_is_not_in_the_way_of_others(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        lost = draft(session_of(chat.ann, chat.bob), chat.ann, chat.bob)
        (wanted,) = chat.drafts(1)
        other = wanted._replace(content="else")
        outcomes = await repositories.messages.append([*transaction(wanted, lost), other], CLAIM, envelope)
        assert [type(one) for one in outcomes] == [TransactionAborted, SessionNotFound, Stored]

    async def test_a_transaction_repeated_is_repeated_whole(self, repositories: Repositories, chat: Chat) -> None:
        together = transaction(*chat.drafts(3))
        for kind in (Stored, Repeated):
            outcomes = await repositories.messages.append(together, CLAIM, envelope)
            assert [type(one) for one in outcomes] == [kind] * 3
        assert len(await repositories.messages.latest(chat.session.id, 10)) == 3

    async def test_racing_transactions_are_stored_whole_or_not_at_all(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        wanted = chat.drafts(1)[0].client_message_id
        claims = [
            transaction(
                draft(chat.session, chat.ann, chat.bob, f"first of {number}"),
                draft(chat.session, chat.ann, chat.bob, f"second of {number}", wanted),
            )
            for number in range(8)
        ]
        await asyncio.gather(*(store(repositories.messages, claim) for claim in claims))
        first, second = await repositories.messages.latest(chat.session.id, 10)
        assert [first.content.split()[0], second.content.split()[0]] == ["first", "second"]
        assert first.content.split()[-1] == second.content.split()[-1]

    async def test_times_never_fall_within_a_session(self, repositories: Repositories, chat: Chat) -> None:
        messages, session = repositories.messages, chat.session
        await messages.append(chat.drafts(2), CLAIM, envelope)
        await repositories.pass_time(timedelta(hours=-1))  # as when the clock was set back
        await messages.append(chat.drafts(2), CLAIM, envelope)
        before, *after = [one.sent_at for one in (await messages.latest(session.id, 10))[1:]]
        assert after == [before, before]
        await repositories.pass_time(timedelta(hours=1))
        await repositories.tick()
        await messages.append(chat.drafts(1), CLAIM, envelope)
        (last,) = await messages.latest(session.id, 1)
        assert last.sent_at > (await messages.latest(session.id, 2))[0].sent_at

    async def test_no_drafts_are_no_outcomes(self, repositories: Repositories) -> None:
        assert list(await repositories.messages.append([], CLAIM, envelope)) == []

    @pytest.mark.parametrize(
        "content", ["\U0001f468‍\U0001f469‍\U0001f467", "مرحبا", "\\ \" ' \n", "x" * 4_000, "\U0001f600" * 4_000]
    )
    async def test_content_is_kept_as_sent(self, repositories: Repositories, chat: Chat, content: str) -> None:
        await repositories.messages.append([draft(chat.session, chat.ann, chat.bob, content)], CLAIM, envelope)
        assert [message.content for message in await repositories.messages.latest(chat.session.id, 1)] == [content]

    async def test_pages(self, repositories: Repositories, chat: Chat) -> None:
        await repositories.messages.append(chat.drafts(10), CLAIM, envelope)
        session, messages = chat.session.id, repositories.messages
        pages = {
            "latest": await messages.latest(session, 3),
            "before": await messages.before(session, 5, 3),
            "before all": await messages.before(session, 1, 3),
            "after": await messages.after(session, 5, 3, fresh=True),
            "after from a replica": await messages.after(session, 5, 3, fresh=False),
            "after all": await messages.after(session, 10, 3, fresh=True),
        }
        assert {name: [message.seq for message in page] for name, page in pages.items()} == {
            "latest": [8, 9, 10],
            "before": [2, 3, 4],
            "before all": [],
            "after": [6, 7, 8],
            "after from a replica": [6, 7, 8],
            "after all": [],
        }

    async def test_the_last_seq_is_that_of_the_last_message(self, repositories: Repositories, chat: Chat) -> None:
        messages = repositories.messages
        assert await messages.last_seq(chat.session.id) == 0
        await messages.append(chat.drafts(3), CLAIM, envelope)
        assert await messages.last_seq(chat.session.id) == 3
        assert await messages.last_seq(SessionId(uuid4())) == 0

    async def test_seen_is_up_to_a_seq_and_only_what_was_sent_to_the_reader(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages, session = repositories.messages, chat.session
        await messages.append([*chat.drafts(3), draft(session, chat.bob, chat.ann)], CLAIM, envelope)
        assert [one.seq for one in await messages.unseen(session.id, chat.bob.id, 10)] == [1, 2, 3]
        assert await messages.mark_seen(session.id, chat.bob.id, 2) == 2
        assert await messages.mark_seen(session.id, chat.bob.id, 2) is None
        assert await messages.mark_seen(session.id, chat.bob.id, 1) is None
        assert [one.seq for one in await messages.unseen(session.id, chat.bob.id, 10)] == [3]
        assert [one.seq for one in await messages.unseen(session.id, chat.ann.id, 10)] == [4]
        history = await messages.latest(session.id, 10)
        assert [(one.seen, one.delivered) for one in history] == [
            (True, True),
            (True, True),
            (False, False),
            (False, False),
        ]

    async def test_seen_beyond_the_end_does_not_reach_what_comes(self, repositories: Repositories, chat: Chat) -> None:
        await repositories.messages.append(chat.drafts(1), CLAIM, envelope)
        assert await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2**63 - 1) == 1
        assert await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2**63 - 1) is None
        await repositories.messages.append(chat.drafts(1), CLAIM, envelope)
        assert [one.seq for one in await repositories.messages.unseen(chat.session.id, chat.bob.id, 10)] == [2]

    async def test_who_wrote_everything_has_seen_nothing_new(self, repositories: Repositories, chat: Chat) -> None:
        messages, session = repositories.messages, chat.session
        await messages.append(chat.drafts(150), CLAIM, envelope)
        assert list(await messages.unseen(session.id, chat.ann.id, 10)) == []
        assert await messages.mark_seen(session.id, chat.ann.id, 150) is None
        await messages.append([draft(session, chat.bob, chat.ann), *chat.drafts(120)], CLAIM, envelope)
        assert [one.seq for one in await messages.unseen(session.id, chat.ann.id, 10)] == [151]
        assert len(await messages.unseen(session.id, chat.bob.id, 1_000)) == 270
        assert not any(one.seen for one in await messages.latest(session.id, 300))
        assert await messages.mark_seen(session.id, chat.ann.id, 200) == 200

    @pytest.mark.parametrize("count", [1, 99, 100, 101, 1_500])
    async def test_every_read_shows_at_once_what_was_seen(
        self, repositories: Repositories, chat: Chat, count: int
    ) -> None:
        messages, session = repositories.messages, chat.session
        drafts = [*chat.drafts(count), draft(session, chat.bob, chat.ann)]
        await messages.append(drafts, CLAIM, envelope)
        assert await messages.mark_seen(session.id, chat.bob.id, count + 1) == count + 1
        pages = [
            await messages.latest(session.id, 5_000),
            await messages.before(session.id, count + 2, 5_000),
            await messages.after(session.id, 0, 5_000, fresh=True),
            await messages.after(session.id, 0, 5_000, fresh=False),
        ]
        for page in pages:
            assert [(one.seen, one.delivered) for one in page] == [(True, True)] * count + [(False, False)]
        assert list(await messages.unseen(session.id, chat.bob.id, 10)) == []
        assert list(await messages.undelivered({chat.bob.id}, None, 10)) == []
        (overview,) = await repositories.sessions.overview([chat.bob.id], None, None, 10)
        assert overview.unread == 0
        (repeat,) = await messages.append([drafts[count - 1]], CLAIM, envelope)
        assert isinstance(repeat, Repeated)
        assert (repeat.message.seen, repeat.message.delivered) == (True, True)
        await messages.mark_seen(session.id, chat.ann.id, count + 1)
        (overview,) = await repositories.sessions.overview([chat.ann.id], None, None, 10)
        assert overview.last_message is not None
        assert overview.last_message.seen

    async def test_what_was_never_delivered_is_found_a_page_at_a_time(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages = repositories.messages
        outcomes = await messages.append(chat.drafts(5), CLAIM, envelope)
        stored = [outcome.message for outcome in outcomes if isinstance(outcome, Stored)]
        await messages.mark_delivered([stored[0].id, stored[2].id, MessageId(uuid4())])
        for _ in range(2):  # looking changes nothing
            first = await messages.undelivered({chat.bob.id}, None, 2)
            assert [one.seq for one in first] == [2, 4]
        rest = await messages.undelivered({chat.bob.id}, (chat.session.id, 4), 2)
        assert [one.seq for one in rest] == [5]
        assert list(await messages.undelivered({chat.ann.id}, None, 10)) == []
        assert list(await messages.undelivered(set(), None, 10)) == []

    async def test_what_comes_after_everything_was_delivered_is_found(
        self, repositories: Repositories, chat: Chat
    ) -> None:
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
            await messages.mark_delivered([message.id for page in found for message in page])
            assert [list(await messages.undelivered({one.id}, None, 10)) for one in both] == [[], []]

    @pytest.mark.parametrize("durable", [True, False])
    async def test_it_is_told_which_messages_a_mark_has_reached(
        self, repositories: Repositories, chat: Chat, durable: bool
    ) -> None:
        messages, sending = repositories.messages, Sending(chat.session.id, chat.ann.id)
        outcomes = await messages.append(chat.drafts(3), CLAIM, envelope)
        ids = [one.message.id for one in outcomes if isinstance(one, Stored)]
        assert list(await messages.mark_delivered(ids[1:2], durable=durable)) == [Reached(sending, 2)]
        reached = await messages.mark_delivered([*ids, MessageId(uuid4())], durable=durable)
        assert sorted(reached) == [Reached(sending, 1), Reached(sending, 3)]
        assert list(await messages.mark_delivered(ids, durable=durable)) == []
        assert list(await messages.mark_delivered([], durable=durable)) == []

    async def test_how_far_messages_are_delivered_ends_before_the_first_that_is_not(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages = repositories.messages
        ann, bob = (Sending(chat.session.id, one.id) for one in (chat.ann, chat.bob))
        assert await messages.delivered_up_to({ann: 0}) == {ann: 0}
        drafts = [*chat.drafts(3), draft(chat.session, chat.bob, chat.ann), *chat.drafts(1)]
        outcomes = await messages.append(drafts, CLAIM, envelope)
        ids = [one.message.id for one in outcomes if isinstance(one, Stored)]
        assert await messages.delivered_up_to({ann: 0, bob: 0}) == {ann: 0, bob: 3}
        await messages.mark_delivered([ids[0], ids[2]])
        assert await messages.delivered_up_to({ann: 0, bob: 3}) == {ann: 1, bob: 3}
        await messages.mark_delivered([ids[1]])
        assert await messages.delivered_up_to({ann: 1, bob: 0}) == {ann: 4, bob: 3}
        await messages.mark_delivered(ids)
        unknown = Sending(SessionId(uuid4()), chat.ann.id)
        assert await messages.delivered_up_to({ann: 4, bob: 3, unknown: 0}) == {ann: 5, bob: 5}

    async def test_what_was_seen_counts_as_delivered(self, repositories: Repositories, chat: Chat) -> None:
        messages, ann = repositories.messages, Sending(chat.session.id, chat.ann.id)
        await messages.append(chat.drafts(3), CLAIM, envelope)
        await messages.mark_seen(chat.session.id, chat.bob.id, 2)
        assert await messages.delivered_up_to({ann: 0}) == {ann: 2}

    async def test_how_far_a_long_session_is_delivered(self, repositories: Repositories, chat: Chat) -> None:
        messages, ann = repositories.messages, Sending(chat.session.id, chat.ann.id)
        outcomes = await messages.append(chat.drafts(1_500), CLAIM, envelope)
        ids = [one.message.id for one in outcomes if isinstance(one, Stored)]
        await messages.mark_delivered(ids[:1_200])
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

    async def test_nothing_undelivered_is_passed_over_while_messages_keep_coming(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages, session = repositories.messages, chat.session
        writing = True

        async def write() -> None:
            for _ in range(30):
                batch = [draft(session, chat.ann, chat.bob, content) for content in ("reached", "missed")]
                outcomes = await store(messages, batch)
                stored = [outcome.message for outcome in outcomes if isinstance(outcome, Stored)]
                await messages.mark_delivered([one.id for one in stored if one.content == "reached"])

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


class OutboxContract(Contract):
    @pytest.fixture
    async def owed(self, repositories: Repositories, chat: Chat) -> int:
        """Three entries a message, claimed for a minute."""
        await repositories.messages.append(chat.drafts(4), CLAIM, envelope)
        return 12

    async def test_entries_are_made_claimed_and_due_after_it(self, repositories: Repositories, owed: int) -> None:
        outbox = repositories.outbox
        assert list(await outbox.claim(CLAIM, 100)) == []
        await repositories.pass_time(CLAIM)
        claimed = await outbox.claim(CLAIM, 100)
        assert len(claimed) == owed
        assert list(await outbox.claim(CLAIM, 100)) == []
        assert (await outbox.status()).pending == owed
        assert (await outbox.status()).oldest_pending_at == min(entry.created_at for entry in claimed)

    async def test_racing_claims_are_disjoint(self, repositories: Repositories, owed: int) -> None:
        await repositories.pass_time(CLAIM)
        claims = await asyncio.gather(*(repositories.outbox.claim(CLAIM, 2) for _ in range(10)))
        claimed = [entry.id for claim in claims for entry in claim]
        assert len(claimed) == len(set(claimed)) == owed

    @pytest.mark.parametrize("keep", [True, False])
    async def test_processed_entries_are_never_claimed_again(
        self, repositories: Repositories, owed: int, keep: bool
    ) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        entries = await outbox.claim(timedelta(), 100)
        await outbox.mark_processed([entry.id for entry in entries], keep=keep)
        assert list(await outbox.claim(CLAIM, 100)) == []
        assert (await outbox.status()).pending == 0
        assert await outbox.purge(timedelta(seconds=30), 100) == 0
        kept = owed if keep else 0
        await repositories.pass_time(timedelta(seconds=60))
        assert await outbox.purge(timedelta(seconds=30), 5) == min(5, kept)
        assert await outbox.purge(timedelta(seconds=30), 100) == max(0, kept - 5)

    async def test_released_entries_are_due_at_once_without_a_failure(
        self, repositories: Repositories, owed: int
    ) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        entries = await outbox.claim(timedelta(hours=1), 100)
        await outbox.release([entry.id for entry in entries])
        again = await outbox.claim(timedelta(hours=1), 100)
        assert len(again) == owed
        assert {entry.retry_count for entry in again} == {0}

    async def test_failures_wait_and_the_dead_rest_until_requeued(self, repositories: Repositories, owed: int) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        first, second, *_ = await outbox.claim(timedelta(days=9), 100)
        delay = timedelta(seconds=20)
        await outbox.mark_failed(
            [FailedTry(first.id, 1, delay, "Unroutable"), FailedTry(second.id, 10, None, "Unroutable")]
        )
        assert list(await outbox.claim(CLAIM, 100)) == []
        (dead,) = await outbox.dead(10)
        assert (dead.entry.id, dead.reason, dead.entry.retry_count) == (second.id, "Unroutable", 10)
        assert dead.died_at > dead.entry.created_at
        await repositories.pass_time(delay)
        (again,) = await outbox.claim(timedelta(days=9), 100)
        assert (again.id, again.retry_count) == (first.id, 1)
        assert (await outbox.status()).dead == 1
        assert await outbox.requeue([first.id]) == 0
        assert await outbox.requeue(None) == 1
        (risen,) = await outbox.claim(timedelta(days=9), 100)
        assert (risen.id, risen.retry_count) == (second.id, 0)

    async def test_only_the_dead_are_dropped(self, repositories: Repositories, owed: int) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        first, second, *_ = await outbox.claim(timedelta(days=9), 100)
        await outbox.mark_failed([FailedTry(first.id, 10, None, "Unroutable")])
        assert await outbox.drop([first.id, second.id]) == 1
        assert await outbox.drop([first.id]) == 0
        status = await outbox.status()
        assert (status.pending, status.dead) == (owed - 1, 0)


class ProfileDirectoryContract(Contract):
    async def test_profiles_are_found_by_id_and_email(self, repositories: Repositories) -> None:
        ann, bob = person("ann"), person("bob")
        ann_at_work = Profile(person("ann").id, ann.email, Intent("work"), "Dr. Ann")
        await repositories.directory.remember((ann, ann_at_work, bob))
        assert set(await repositories.directory.of_email(ann.email)) == {ann, ann_at_work}
        assert list(await repositories.directory.get([bob.id, person("eve").id])) == [bob]
        assert list(await repositories.directory.get([])) == []

    async def test_a_profile_is_brought_up_to_date(self, repositories: Repositories) -> None:
        ann = person("ann")
        await repositories.directory.remember([ann])
        married = Profile(ann.id, person("anna").email, ann.intent, "Anna")
        await repositories.directory.remember([married])
        assert list(await repositories.directory.get([ann.id])) == [married]
        assert list(await repositories.directory.of_email(ann.email)) == []

    async def test_an_address_is_that_of_one_profile_for_an_intent(self, repositories: Repositories) -> None:
        directory, ann, stranger = repositories.directory, person("ann"), person("ann")
        at_work = Profile(person("ann").id, ann.email, Intent("work"), "Dr. Ann")
        await directory.remember([ann, at_work])
        await directory.remember([stranger])
        assert set(await directory.of_email(ann.email)) == {stranger, at_work}
        assert list(await directory.get([ann.id])) == [ann.without_email()]
        moved = Profile(ann.id, person("kate").email, ann.intent, ann.display_name)
        await directory.remember([moved])
        assert set(await directory.get([ann.id, stranger.id])) == {moved, stranger}

    async def test_an_update_adds_nobody(self, repositories: Repositories) -> None:
        directory, ann, bob = repositories.directory, person("ann"), person("bob")
        await directory.remember([ann, person("kate").without_email()])
        renamed = Profile(ann.id, ann.email, ann.intent, "Anna")
        nobody = person("nobody").without_email()
        assert list(await directory.update([bob, renamed, nobody])) == [renamed]
        assert list(await directory.get([ann.id, bob.id, nobody.id])) == [renamed]
        stranger = person("ann")
        assert list(await directory.update([stranger])) == [stranger]
        assert set(await directory.get([ann.id, stranger.id])) == {renamed.without_email(), stranger}
        await directory.remember([bob])
        assert list(await directory.get([bob.id])) == [bob]

    async def test_any_number_of_profiles_may_be_without_an_address(self, repositories: Repositories) -> None:
        nobodies = [person(name).without_email() for name in ("ann", "bob")]
        await repositories.directory.remember(nobodies)
        assert set(await repositories.directory.get([one.id for one in nobodies])) == set(nobodies)

    async def test_a_change_of_a_known_profile_is_counted(self, repositories: Repositories) -> None:
        directory, ann = repositories.directory, person("ann")
        await directory.remember([ann])
        counts = [directory.changes]
        for profile in (ann, person("bob"), Profile(ann.id, ann.email, ann.intent, "Anna"), person("ann")):
            await directory.remember([profile])
            counts.append(directory.changes)
        assert counts[0] == counts[1] == counts[2] < counts[3] < counts[4]

    async def test_racing_writers_of_the_same_addresses_all_end(self, repositories: Repositories) -> None:
        people = [person(name) for name in ("ann", "bob") for _ in range(10)]
        turns = [people[turn:] + people[:turn] for turn in range(len(people))]
        await asyncio.gather(*(repositories.directory.remember([turn[0], turn[11]]) for turn in turns))
        known = await repositories.directory.get([one.id for one in people])
        assert len(known) == len(people)


def other_session(chat: Chat, elsewhere: ChatSession, different: str) -> ChatSession:
    return elsewhere if different == "session" else chat.session
