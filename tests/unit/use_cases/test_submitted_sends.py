"""Sends from the queue: stored once, in order, and whoever sent them hears what became of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from math import inf
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from adapters.memory.send_queue import InMemorySendQueue, InMemorySends
from application.commands import SendMessageCommand
from application.ports.send_queue import Accepted, Aside, Later, Rejected, Submission, Verdict
from application.use_cases.submitted_sends import SubmittedSends
from domain.destination import ACK_QUEUE, ERROR_QUEUE, session_topic, user_destination
from domain.errors import BadAnswer, DirectoryUnavailable, SessionBusy, StoreUnavailable, Unavailable
from domain.identifiers import Email, Intent, SessionId
from domain.profile import Profile
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE, AwayBroker, Service
from tests.support.people import FRIENDS

Handle = Callable[[Sequence[bytes | Submission]], Awaitable[Sequence[Verdict]]]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service(AwayBroker(), rate=0.001)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def session_id(service: Service) -> SessionId:
    return (await service.init(ANN, ANN.email, BOB.email, FRIENDS)).id


@pytest.fixture
def handle(service: Service) -> Handle:
    return handler_of(service)


def handler_of(service: Service, **settings: Any) -> Handle:
    """Takes bodies, or whole submissions."""
    handler = SubmittedSends(service.send, service.broker, service.clock, **settings)

    async def handle(sends: Sequence[bytes | Submission]) -> Sequence[Verdict]:
        return await handler([send if isinstance(send, Submission) else Submission(send) for send in sends])

    return handle


def a_send(session_id: SessionId, **changes: Any) -> bytes:
    body = {
        "sessionId": str(session_id),
        "senderEmail": ANN.email,
        "intent": FRIENDS,
        "content": "hello",
        "clientMessageId": str(uuid4()),
    }
    return msgspec.json.encode({**body, **changes})


def eve_is_told(service: Service) -> list[str]:
    errors = user_destination(EVE.email, ERROR_QUEUE)
    return [msgspec.json.decode(one.body)["code"] for one in service.push.deliveries if one.destination == errors]


def told(service: Service, queue: str) -> list[Any]:
    destination = user_destination(ANN.email, queue)
    return [msgspec.json.decode(one.body) for one in service.push.deliveries if one.destination == destination]


async def test_sends_of_a_batch_are_stored_in_order_and_counted(
    service: Service, session_id: SessionId, handle: Handle
) -> None:
    verdicts = await handle([a_send(session_id, content=str(n)) for n in range(20)])
    assert verdicts == [Accepted()] * 20
    history = await service.history(BOB, session_id, limit=50, before=None, after=None)
    assert [message.content for message in history] == [str(n) for n in range(20)]
    assert service.counters.messages == {"amqp": 20}, "nor does the limit of a user hold for a producer"
    await eventually(lambda: len(told(service, ACK_QUEUE)) == 20)


async def test_a_repeat_is_acked_again_and_reaches_nobody_else(
    service: Service, session_id: SessionId, handle: Handle
) -> None:
    send = a_send(session_id)
    assert await handle([send]) == [Accepted()]
    assert await handle([send, send]) == [Accepted()] * 2
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
async def test_what_can_never_be_stored_is_rejected_and_its_sender_told(
    service: Service, session_id: SessionId, handle: Handle, changes: dict[str, Any], code: str
) -> None:
    send = a_send(session_id, **changes)
    assert await handle([a_send(session_id), send, a_send(session_id)]) == [Accepted(), Rejected(code), Accepted()]
    (problem,) = told(service, ERROR_QUEUE)
    assert problem["code"] == code
    client_message_id = msgspec.json.decode(send)["clientMessageId"]
    assert problem.get("clientMessageId") == (client_message_id if isinstance(client_message_id, str) else None)


async def test_a_used_id_is_rejected(service: Service, session_id: SessionId, handle: Handle) -> None:
    client_id = str(uuid4())
    assert await handle([a_send(session_id, clientMessageId=client_id)]) == [Accepted()]
    assert await handle([a_send(session_id, clientMessageId=client_id, content="else")]) == [
        Rejected("idempotency-conflict")
    ]
    stranger = a_send(session_id, senderEmail=EVE.email)
    assert await handle([stranger]) == [Rejected("not-a-participant")]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"null", b'{"senderEmail": "nobody"}', b"[" * 50_000, b"{}"])
async def test_what_cannot_be_read_is_rejected_without_a_word(service: Service, handle: Handle, body: bytes) -> None:
    (verdict,) = await handle([body])
    assert isinstance(verdict, Rejected)
    assert service.push.deliveries == []


async def test_while_the_store_is_away_all_wait_and_keep_their_order(
    service: Service, session_id: SessionId, handle: Handle
) -> None:
    service.outage.away = True
    sends = InMemorySends()
    queue = InMemorySendQueue(sends)
    tries = 0

    async def counted(submissions: Sequence[Submission]) -> Sequence[Verdict]:
        nonlocal tries
        tries += 1
        return await handle(submissions)

    queue.consume(counted)
    await queue.start()
    for n in range(20):
        await queue.submit(a_send(session_id, content=str(n)))
    await eventually(lambda: tries > 2)
    assert told(service, ERROR_QUEUE) == []
    service.outage.away = False
    await eventually(lambda: service.counters.messages["amqp"] == 20)
    await queue.stop()
    history = await service.history(BOB, session_id, limit=50, before=None, after=None)
    assert [message.content for message in history] == [str(n) for n in range(20)]
    assert sends.dead == []


async def test_what_follows_a_waiting_send_of_its_sender_in_the_session_waits_too(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (await service.init(ANN, ANN.email, EVE.email, FRIENDS)).id
    submit, first = service.send.submit, True

    async def away_once(*arguments: Any, **options: Any) -> Any:
        nonlocal first
        if first:
            first = False
            raise Unavailable
        return await submit(*arguments, **options)

    monkeypatch.setattr(service.send, "submit", away_once)
    sends = [a_send(session_id), a_send(other), a_send(session_id), a_send(session_id, senderEmail=BOB.email)]
    aside = Aside(1.0)
    assert await handle(sends) == [aside, Accepted(), aside, Accepted()]
    later = a_send(session_id)
    assert await handle([later]) == [aside], "nor does one of a later batch overtake them"
    assert await handle([sends[0], later]) == [Accepted(), Accepted()]


async def test_what_is_aside_elsewhere_for_too_long_is_not_waited_for(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(email: Email, intent: Intent) -> Profile:
        raise DirectoryUnavailable

    service.participants._participations.clear()
    with monkeypatch.context() as patch:
        patch.setattr(service.lookup, "find", find)
        assert await handle([a_send(session_id)]) == [Aside(1.0)]
    later = a_send(session_id)
    assert await handle([later]) == [Aside(1.0)]
    service.clock.advance(7)
    assert await handle([later]) == [Accepted()]


async def test_one_sender_whom_flairbit_does_not_know_leaves_the_others_alone(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = service.lookup.find

    async def find(email: Email, intent: Intent) -> Profile:
        if email == EVE.email:
            raise BadAnswer("it makes no sense")
        return await known(email, intent)

    monkeypatch.setattr(service.lookup, "find", find)
    bad = a_send(session_id, senderEmail=EVE.email)
    held = [Submission(bad, seconds) for seconds in (0, 10, 1_000)]
    assert await handle([*held, Submission(a_send(session_id))]) == [Aside(1), Aside(10), Aside(60), Accepted()]
    assert await handle([Submission(bad, 86_400)]) == [Rejected("held-too-long")]
    assert eve_is_told(service) == ["held-too-long"]


async def test_a_busy_session_is_waited_for_a_moment_and_then_leaves_room(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_busy(*_: Any, **__: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(SessionBusy())
        return future

    monkeypatch.setattr(service.send, "submit", is_busy)
    held = [Submission(a_send(session_id), seconds) for seconds in (0, 4, 5, 86_400)]
    assert await handle(held) == [Later(), Later(), Aside(5), Rejected("held-too-long")]


async def test_a_send_that_only_the_store_was_away_for_is_tried_again_soon(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was away for some batches and there for others: it is back, however long the outage was."""
    stored = service.send.submit

    async def is_away_for_some(principal: Any, command: SendMessageCommand, *rest: Any, **waits: Any) -> Any:
        if command.content != "lost":
            return await stored(principal, command, *rest, **waits)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(StoreUnavailable())
        return future

    monkeypatch.setattr(service.send, "submit", is_away_for_some)
    lost = [Submission(a_send(session_id, content="lost"), seconds) for seconds in (0, 30)]
    assert await handle([Submission(a_send(session_id)), *lost]) == [Accepted(), Aside(1), Aside(5)]


async def test_with_the_store_away_a_send_ends_when_it_is_too_old(service: Service, session_id: SessionId) -> None:
    handle = handler_of(service, max_age=100)
    service.outage.away = True
    send = a_send(session_id)
    assert await handle([Submission(send, 99)]) == [Later()]
    assert told(service, ERROR_QUEUE) == []
    assert await handle([Submission(send, inf)]) == [Rejected("held-too-long")]
    (problem,) = told(service, ERROR_QUEUE)
    assert (problem["code"], problem["status"]) == ("held-too-long", 503)
    assert problem["clientMessageId"] == msgspec.json.decode(send)["clientMessageId"]
    assert await handle([send]) == [Later()]
    service.outage.away = False
    assert await handle([Submission(send, 1_000)]) == [Accepted()], "what can be stored is, however old"


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
    assert await handle([a_send(session_id, content="")]) == [Rejected("invalid")]
    service.broker.ready.set()
