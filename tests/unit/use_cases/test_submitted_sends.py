"""Queued sends: stored once and in order, and their senders get an ack or a problem document."""

import asyncio
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from application.ports.send_queue import Accept, Reject
from domain.destination import ACK_QUEUE, ERROR_QUEUE, session_topic, user_destination
from domain.identifiers import SessionId
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE, AwayBroker, Service
from tests.support.memory.submitted_sends import (
    Handle,
    a_send,
    told,
)


async def test_sends_of_a_batch_are_stored_in_order_and_counted(
    service: Service, session_id: SessionId, handle: Handle
) -> None:
    verdicts = await handle([a_send(session_id, content=str(n)) for n in range(20)])
    assert verdicts == [Accept()] * 20
    history = await service.history(BOB, session_id, limit=50, before=None, after=None)
    assert [message.content for message in history] == [str(n) for n in range(20)]
    assert service.counters.messages == {"amqp": 20}, "nor does the limit of a user hold for a producer"
    await eventually(lambda: len(told(service, ACK_QUEUE)) == 20)


async def test_a_repeat_is_acked_again_and_not_delivered_again(
    service: Service, session_id: SessionId, handle: Handle
) -> None:
    send = a_send(session_id)
    assert await handle([send]) == [Accept()]
    assert await handle([send, send]) == [Accept()] * 2
    await eventually(lambda: len(told(service, ACK_QUEUE)) == 3)
    ack = user_destination(ANN.email, ACK_QUEUE)
    acked = {delivery.message for delivery in service.push.deliveries if delivery.destination == ack}
    assert len(acked) == 1
    assert None not in acked
    assert service.destinations().count(session_topic(session_id)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": " "}, "invalid"),
        ({"content": 7}, "invalid"),
        ({"clientMessageId": 7}, "invalid"),
        ({"sessionId": str(uuid4())}, "session-not-found"),
        ({"intent": "work"}, "not-a-participant"),
        ({"padding": "x" * 70_000}, "too-large"),
    ],
)
async def test_a_send_that_can_never_be_stored_is_rejected_with_a_problem_document(
    service: Service, session_id: SessionId, handle: Handle, changes: dict[str, Any], code: str
) -> None:
    send = a_send(session_id, **changes)
    assert await handle([a_send(session_id), send, a_send(session_id)]) == [Accept(), Reject(code), Accept()]
    (problem,) = told(service, ERROR_QUEUE)
    assert problem["code"] == code
    client_message_id = msgspec.json.decode(send)["clientMessageId"]
    assert problem.get("clientMessageId") == (client_message_id if isinstance(client_message_id, str) else None)


async def test_the_sender_of_a_truncated_send_gets_its_problem(
    service: Service, session_id: SessionId, handle: Handle
) -> None:
    beginning = a_send(session_id, padding="x" * 300_000)[:65_537]
    assert await handle([beginning]) == [Reject("too-large")]
    (problem,) = told(service, ERROR_QUEUE)
    assert problem["code"] == "too-large"


async def test_a_used_id_is_rejected(service: Service, session_id: SessionId, handle: Handle) -> None:
    client_id = str(uuid4())
    assert await handle([a_send(session_id, clientMessageId=client_id)]) == [Accept()]
    assert await handle([a_send(session_id, clientMessageId=client_id, content="else")]) == [
        Reject("idempotency-conflict")
    ]
    stranger = a_send(session_id, senderEmail=EVE.email)
    assert await handle([stranger]) == [Reject("not-a-participant")]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"null", b'{"senderEmail": "nobody"}', b"[" * 50_000, b"{}"])
async def test_an_unreadable_send_is_rejected_without_a_problem_document(
    service: Service, handle: Handle, body: bytes
) -> None:
    (verdict,) = await handle([body])
    assert isinstance(verdict, Reject)
    assert service.push.deliveries == []


async def test_an_unforeseen_failure_is_raised(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(ZeroDivisionError())
        return future

    monkeypatch.setattr(service.send, "submit", broken)
    with pytest.raises(ZeroDivisionError):
        await handle([a_send(session_id)])


async def test_a_broker_that_is_away_changes_no_verdict(
    service: Service, session_id: SessionId, handle: Handle
) -> None:
    assert isinstance(service.broker, AwayBroker)
    service.broker.ready.clear()
    assert await handle([a_send(session_id, content="")]) == [Reject("invalid")]
    service.broker.ready.set()
