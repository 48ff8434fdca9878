"""What has waited is held against the store before it is pushed."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from adapters.memory.push import RecordingPush
from application.commands import DeleteCommand, SendMessageCommand
from application.delivery.present_push import PresentPush
from application.ports.push import Delivery
from application.wire.chat_message import ChatMessage
from domain.destination import EVENTS_QUEUE, EVERY_INSTANCE, MESSAGES_QUEUE, session_topic, user_destination
from domain.identifiers import ClientMessageId, MessageId, SessionId
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, Service
from tests.support.people import FRIENDS


class Late:
    """Deliveries of Ann's messages that were published and not received yet."""

    def __init__(self) -> None:
        self.service = Service(InProcessBroker())
        self.push = RecordingPush()
        self.gaps = 0
        container = self.service.container
        self.present = PresentPush(self.push, container.present_deliveries(), self.service.clock, self._count_gap)

    def _count_gap(self) -> None:
        self.gaps += 1

    async def start(self) -> None:
        await self.service.start()
        self.session_id: SessionId = (await self.service.init(ANN, ANN.email, BOB.email, FRIENDS)).id

    async def send(self, content: str, reply_to: int | None = None) -> Delivery:
        command = SendMessageCommand(
            self.session_id, ANN.email, FRIENDS, content, ClientMessageId(uuid4()), reply_to=reply_to
        )
        published = len(self.service.push.deliveries)
        await self.service.send(ANN, command, "http")
        await eventually(lambda: len(self.service.push.deliveries) >= published + 3)
        destination = user_destination(BOB.email, MESSAGES_QUEUE)
        return [one for one in self.service.push.deliveries if one.destination == destination][-1]

    async def delete(self, delivery: Delivery, *, for_everyone: bool = True) -> None:
        assert delivery.message is not None
        command = DeleteCommand(
            session_id=self.session_id, message_id=MessageId(delivery.message.id), for_everyone=for_everyone
        )
        await self.service.container.change_message().delete(ANN if for_everyone else BOB, command)

    @property
    def contents(self) -> list[str]:
        return [ChatMessage.from_json(one.body).content for one in self.push.deliveries]


@pytest.fixture
async def late() -> AsyncIterator[Late]:
    late = Late()
    await late.start()
    yield late
    await late.present.stop()
    await late.service.stop()


async def test_a_fresh_delivery_is_pushed_at_once(late: Late) -> None:
    delivery = await late.send("hello")
    late.present.push([delivery])
    assert late.push.deliveries == [delivery]


async def test_late_deliveries_are_pushed_in_their_present_form_and_in_order(late: Late) -> None:
    first, second = await late.send("a secret"), await late.send("hello")
    late.service.clock.advance(70)
    await late.delete(first)
    third = await late.send("news")
    late.present.push([first, second])
    late.present.push([third])
    assert not late.push.deliveries
    await eventually(lambda: len(late.push.deliveries) == 3)
    assert late.contents == ["This message was deleted", "hello", "news"]
    assert late.push.deliveries[1:] == [second, third]


async def test_what_instances_tell_each_other_does_not_wait_for_the_store(late: Late) -> None:
    first = await late.send("hello")
    late.service.clock.advance(70)
    signal = Delivery(EVERY_INSTANCE, "[]")
    late.present.push([first])
    late.present.push([first, signal])
    assert late.push.deliveries == [signal]
    await eventually(lambda: len(late.push.deliveries) == 3)


async def test_what_the_store_has_answered_late_is_not_fresh(late: Late, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = late.service.container.store().messages
    append = messages.append

    async def answer_late(*arguments: Any, **options: Any) -> Any:
        outcomes = await append(*arguments, **options)
        late.service.clock.advance(70)
        return outcomes

    monkeypatch.setattr(messages, "append", answer_late)
    delivery = await late.send("a secret")
    await late.delete(delivery)
    late.present.push([delivery])
    await eventually(lambda: len(late.push.deliveries) == 1)
    assert late.contents == ["This message was deleted"]


async def test_a_hidden_message_is_a_tombstone_for_its_side_and_on_the_topic(late: Late) -> None:
    delivery = await late.send("a secret")
    late.service.clock.advance(70)
    await late.delete(delivery, for_everyone=False)
    to = [session_topic(late.session_id), user_destination(ANN.email, MESSAGES_QUEUE)]
    late.present.push([delivery, *(Delivery(one, delivery.body, delivery.message, 0.0) for one in to)])
    await eventually(lambda: len(late.push.deliveries) == 3)
    assert late.contents == ["This message was deleted", "This message was deleted", "a secret"]


async def test_a_late_reaction_does_not_bring_back_a_deleted_text(late: Late) -> None:
    delivery = await late.send("a secret")
    assert delivery.message is not None
    late.service.clock.advance(70)
    await late.delete(delivery)
    destination = user_destination(BOB.email, EVENTS_QUEUE)
    reaction = Delivery(destination, delivery.body, delivery.message, late.service.clock.now().timestamp())
    late.present.push([reaction])
    await eventually(lambda: len(late.push.deliveries) == 1)
    assert late.contents == ["This message was deleted"]


async def test_a_reply_gets_its_quotation_from_the_store(late: Late) -> None:
    await late.send("a secret")
    reply = await late.send("indeed", reply_to=1)
    assert "secret" not in reply.body
    late.present.push([reply])
    await eventually(lambda: len(late.push.deliveries) == 1)
    assert '"content":"a secret"' in late.push.deliveries[0].body


async def test_deliveries_without_a_subscriber_here_are_dropped(late: Late) -> None:
    delivery = await late.send("hello")
    late.service.clock.advance(70)
    late.push.wanted = set()
    late.present.push([delivery])
    late.push.wanted = None
    fresh = await late.send("news")
    late.present.push([fresh])
    assert late.push.deliveries == [fresh]
