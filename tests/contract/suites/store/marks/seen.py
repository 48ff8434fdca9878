"""What every store promises of seen marks."""

import pytest

from application.ports.messages import Repeated
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, draft, envelope


class SeenContract(Contract):
    async def test_seen_marks_messages_to_the_reader_up_to_a_seq(self, repositories: Repositories, chat: Chat) -> None:
        messages, session = repositories.messages, chat.session
        await messages.append([*chat.drafts(3), draft(session, chat.bob, chat.ann)], CLAIM, envelope)
        assert [one.seq for one in await messages.unseen(session.id, chat.bob.id, 10)] == [1, 2, 3]
        assert (await messages.mark_seen(session.id, chat.bob.id, 2)).seen_to == 2
        assert (await messages.mark_seen(session.id, chat.bob.id, 2)).seen_to is None
        assert (await messages.mark_seen(session.id, chat.bob.id, 1)).seen_to is None
        assert [one.seq for one in await messages.unseen(session.id, chat.bob.id, 10)] == [3]
        assert [one.seq for one in await messages.unseen(session.id, chat.ann.id, 10)] == [4]
        assert list(await messages.unseen(session.id, chat.bob.id, 10, after=3)) == []
        history = await messages.latest(session.id, 10)
        assert [(one.seen, one.delivered) for one in history] == [
            (True, True),
            (True, True),
            (False, False),
            (False, False),
        ]

    async def test_seen_beyond_the_end_does_not_mark_later_messages(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        await repositories.messages.append(chat.drafts(1), CLAIM, envelope)
        assert (await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2**63 - 1)).seen_to == 1
        assert (await repositories.messages.mark_seen(chat.session.id, chat.bob.id, 2**63 - 1)).seen_to is None
        await repositories.messages.append(chat.drafts(1), CLAIM, envelope)
        assert [one.seq for one in await repositories.messages.unseen(chat.session.id, chat.bob.id, 10)] == [2]

    async def test_a_reader_without_incoming_messages_sees_nothing_new(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        messages, session = repositories.messages, chat.session
        await messages.append(chat.drafts(150), CLAIM, envelope)
        assert list(await messages.unseen(session.id, chat.ann.id, 10)) == []
        assert (await messages.mark_seen(session.id, chat.ann.id, 150)).seen_to is None
        await messages.append([draft(session, chat.bob, chat.ann), *chat.drafts(120)], CLAIM, envelope)
        assert [one.seq for one in await messages.unseen(session.id, chat.ann.id, 10)] == [151]
        assert [one.seq for one in await messages.unseen(session.id, chat.bob.id, 2, after=149)] == [150, 152]
        assert len(await messages.unseen(session.id, chat.bob.id, 1_000)) == 270
        assert not any(one.seen for one in await messages.latest(session.id, 300))
        assert (await messages.mark_seen(session.id, chat.ann.id, 200)).seen_to == 200

    @pytest.mark.parametrize("count", [1, 99, 100, 101, 1_500])
    async def test_every_read_shows_seen_marks_at_once(
        self, repositories: Repositories, chat: Chat, count: int
    ) -> None:
        messages, session = repositories.messages, chat.session
        drafts = [*chat.drafts(count), draft(session, chat.bob, chat.ann)]
        await messages.append(drafts, CLAIM, envelope)
        assert (await messages.mark_seen(session.id, chat.bob.id, count + 1)).seen_to == count + 1
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
