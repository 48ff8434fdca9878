"""What every store promises of messages that are read."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.identifiers import MessageId, SessionId
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, draft, envelope


class ReadContract(Contract):
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

    async def test_an_append_without_drafts_has_no_outcomes(self, repositories: Repositories) -> None:
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

    async def test_seq_of_a_message_of_the_session(self, repositories: Repositories, chat: Chat) -> None:
        messages = repositories.messages
        await messages.append(chat.drafts(3), CLAIM, envelope)
        *_, last = await messages.latest(chat.session.id, 3)
        assert await messages.seq_of(chat.session.id, last.id) == 3
        assert await messages.seq_of(chat.session.id, MessageId(uuid4())) is None
        assert await messages.seq_of(SessionId(uuid4()), last.id) is None

    async def test_last_seq_is_the_seq_of_the_last_message(self, repositories: Repositories, chat: Chat) -> None:
        messages = repositories.messages
        assert await messages.last_seq(chat.session.id) == 0
        await messages.append(chat.drafts(3), CLAIM, envelope)
        assert await messages.last_seq(chat.session.id) == 3
        assert await messages.last_seq(SessionId(uuid4())) == 0
