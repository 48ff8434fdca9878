"""What every store promises of messages that are edited, deleted, reacted to and answered."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from application.ports.changes.message_changes import Changed, Operation, Place
from application.ports.messages import Repeated, Stored
from domain.changes import Reaction
from domain.errors import IdempotencyConflict, Invalid, MessageGone, MessageNotFound
from domain.identifiers import MessageId, OutboxId, ProfileId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry
from domain.rules.change_policy import ChangePolicy, Windows, hide, react
from domain.rules.repeats import UNKEYED
from domain.standing import Standing
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, DUE_AT_ONCE, draft, envelope, ids, person, session_of

RULES = ChangePolicy(Windows(timedelta(hours=1), timedelta(hours=1)), UNKEYED)


def rewrite(message: Message) -> Mapping[str, object]:
    return {"content": message.content, "version": 1 + message.changes.shared}


def payloads(draft: Draft, message: Message) -> list[OutboxEntry]:
    payload = msgspec.json.encode({"messageId": str(message.id), "seq": message.seq, "content": draft.content})
    return [OutboxEntry(OutboxId(ids.new()), "topic", payload.decode(), message.sent_at)]


class MessageChangesContract(Contract):
    @pytest.fixture
    async def sent(self, repositories: Repositories, chat: Chat) -> Message:
        (stored,) = await repositories.messages.append([self.draft(chat)], DUE_AT_ONCE, payloads)
        assert isinstance(stored, Stored)
        return stored.message

    def draft(self, chat: Chat) -> Draft:
        return draft(chat.session, chat.ann, chat.bob, "a secret", client_id=chat.ann.id)

    async def edit(
        self, repositories: Repositories, sent: Message, content: str, operation: Operation | None = None
    ) -> Changed:
        def rule(message: Message, now: datetime, _: Standing) -> Message:
            return RULES.edit(message, sent.sender_id, now, content)

        return await repositories.changes.change(sent.session_id, sent.id, rule, rewrite, operation)

    async def delete(self, repositories: Repositories, sent: Message) -> Changed:
        def rule(message: Message, now: datetime, _: Standing) -> Message:
            return RULES.delete(message, sent.sender_id, now)

        return await repositories.changes.change(sent.session_id, sent.id, rule, rewrite)

    async def hide(self, repositories: Repositories, chat: Chat, sent: Message) -> Changed:
        return await repositories.changes.change(
            sent.session_id, sent.id, lambda message, now, _: hide(message, chat.bob.id, now), rewrite
        )

    async def test_every_read_shows_a_change(self, repositories: Repositories, chat: Chat, sent: Message) -> None:
        assert await repositories.changes.present([sent.id]) == {}
        edited = await self.edit(repositories, sent, "else")
        assert edited.is_new
        assert (edited.message.content, edited.message.changes.shared) == ("else", 1)
        reacted = await repositories.changes.change(
            sent.session_id, sent.id, lambda message, *_: react(message, chat.bob.id, "👍"), rewrite
        )
        messages, place = repositories.messages, Place(sent.session_id, sent.seq)
        (overview,) = await repositories.sessions.overview([chat.bob.id], None, None, 10)
        assert reacted.message.changes.reactions == (Reaction(chat.bob.id, "👍"),)
        assert (await messages.latest(sent.session_id, 1))[0] == reacted.message
        assert list(await messages.unseen(sent.session_id, chat.bob.id, 1)) == [reacted.message]
        assert list(await messages.undelivered([chat.bob.id], None, 1)) == [reacted.message]
        assert await repositories.changes.at([place, Place(sent.session_id, 9)]) == {place: reacted.message}
        assert await repositories.changes.present([sent.id, MessageId(uuid4())]) == {sent.id: reacted.message}
        assert overview.last_message == reacted.message

    async def test_a_refused_or_repeated_change_writes_nothing(self, repositories: Repositories, sent: Message) -> None:
        deleted = await self.delete(repositories, sent)
        again = await self.delete(repositories, sent)
        assert (again.message, again.is_new) == (deleted.message, False)
        with pytest.raises(MessageGone):
            await self.edit(repositories, sent, "else")
        assert (await repositories.messages.latest(sent.session_id, 1))[0] == deleted.message

    async def test_an_unknown_message_and_one_of_another_session_are_not_found(
        self, repositories: Repositories, chat: Chat, sent: Message
    ) -> None:
        elsewhere = await repositories.sessions.get_or_create(session_of(chat.ann, person("carol")))
        for unknown in (sent._replace(id=MessageId(uuid4())), sent._replace(session_id=elsewhere.id)):
            with pytest.raises(MessageNotFound):
                await self.edit(repositories, unknown, "else")
        assert (await repositories.messages.latest(sent.session_id, 1))[0] == sent

    async def test_the_text_of_a_deleted_message_leaves_its_outbox_entries(
        self, repositories: Repositories, chat: Chat, sent: Message
    ) -> None:
        (other,) = await repositories.messages.append([draft(chat.session, chat.ann, chat.bob)], DUE_AT_ONCE, payloads)
        await self.edit(repositories, sent, "another secret")
        assert {one["content"] for one in await self.owed(repositories)} == {"another secret", "hello"}
        await self.delete(repositories, sent)
        await repositories.pass_time(2 * CLAIM)
        owed = [one for one in await self.owed(repositories) if one["messageId"] == str(sent.id)]
        assert owed == [{"messageId": str(sent.id), "seq": 1, "content": "", "version": 3}]
        assert isinstance(other, Stored)

    async def owed(self, repositories: Repositories) -> list[dict[str, object]]:
        return [msgspec.json.decode(one.payload) for one in await repositories.outbox.claim(CLAIM, 10)]

    async def test_changes_at_once_are_made_one_after_the_other(
        self, repositories: Repositories, sent: Message
    ) -> None:
        await asyncio.gather(*(self.edit(repositories, sent, f"text {number}") for number in range(10)))
        assert (await repositories.messages.latest(sent.session_id, 1))[0].changes.shared == 10

    async def test_a_repeated_operation_is_done_once_and_forgotten_after_a_day(
        self, repositories: Repositories, sent: Message
    ) -> None:
        operation = Operation(sent.sender_id, uuid4(), b"an edit")
        await self.edit(repositories, sent, "one", operation)
        await self.edit(repositories, sent, "two")
        again = await self.edit(repositories, sent, "one", operation)
        assert (again.message.content, again.is_new) == ("two", False)
        with pytest.raises(IdempotencyConflict):
            await self.edit(repositories, sent, "three", operation._replace(digest=b"another edit"))
        await self.edit(repositories, sent, "by bob", Operation(ProfileId(uuid4()), operation.id, b"his"))
        await repositories.pass_time(timedelta(hours=25))
        with pytest.raises(Exception, match="no longer"):
            await self.edit(repositories, sent, "one", operation)

    async def test_a_repeat_is_compared_with_the_original(
        self, repositories: Repositories, chat: Chat, sent: Message
    ) -> None:
        repeat, other = self.draft(chat), self.draft(chat)._replace(content="else")
        for change in (self.edit(repositories, sent, "else"), self.delete(repositories, sent)):
            changed = (await change).message
            outcomes = await repositories.messages.append([repeat, other], CLAIM, envelope)
            assert outcomes[0] == Repeated(changed)
            assert isinstance(outcomes[1], IdempotencyConflict)

    async def test_a_reply_quotes_only_a_message_that_its_sender_can_see(
        self, repositories: Repositories, chat: Chat, sent: Message
    ) -> None:
        async def reply(by_bob: bool, seq: int) -> Stored | Invalid:
            pair = (chat.bob, chat.ann) if by_bob else (chat.ann, chat.bob)
            one = draft(chat.session, *pair)._replace(reply_to=seq)
            (outcome,) = await repositories.messages.append([one], CLAIM, envelope)
            assert isinstance(outcome, Stored | Invalid)
            return outcome

        stored = await reply(by_bob=True, seq=1)
        assert isinstance(stored, Stored)
        assert stored.message.reply_to == 1
        assert (await repositories.messages.latest(chat.session.id, 1))[0] == stored.message
        await self.hide(repositories, chat, sent)
        assert set(await repositories.changes.present([sent.id])) == {sent.id}
        refused = await reply(by_bob=True, seq=1)
        assert isinstance(refused, Invalid)
        assert refused.field == "replyTo"
        assert isinstance(await reply(by_bob=False, seq=1), Stored)
        assert isinstance(await reply(by_bob=False, seq=9), Invalid)
        last = await reply(by_bob=False, seq=2)
        assert isinstance(last, Stored)
        assert last.message.seq == 4

    @pytest.mark.parametrize("hidden", [True, False])
    async def test_a_deleted_message_is_not_unread_and_was_not_seen(
        self, repositories: Repositories, chat: Chat, sent: Message, hidden: bool
    ) -> None:
        await (self.hide(repositories, chat, sent) if hidden else self.delete(repositories, sent))
        (overview,) = await repositories.sessions.overview([chat.bob.id], None, None, 10)
        assert overview.unread == 0
        assert list(await repositories.messages.unseen(sent.session_id, chat.bob.id, 10)) == []
        await repositories.messages.append([draft(chat.session, chat.bob, chat.ann)], CLAIM, envelope)
        assert not (await repositories.messages.latest(sent.session_id, 2))[0].seen
