"""Queued sends that cannot be stored now: they wait, keep their order, and are rejected when they are too old."""

import asyncio
from collections.abc import Sequence
from math import inf
from typing import Any

import msgspec
import pytest

from adapters.memory.send_queue import InMemorySendQueue, InMemorySends
from application.commands import SendMessageCommand
from application.ports.send_queue import Accept, PutAside, Reject, Retry, Submission, Verdict
from domain.destination import ERROR_QUEUE
from domain.errors import BadAnswer, SessionBusy, StoreUnavailable, Unavailable
from domain.identifiers import Email, Intent, SessionId
from domain.profile import Profile
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.memory.submitted_sends import (
    Handle,
    a_send,
    eve_is_told,
    handler_of,
    told,
    without_flairbit,
)
from tests.support.people import FRIENDS


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


async def test_a_send_waits_behind_a_waiting_send_of_its_sender_in_the_session(
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
    aside = PutAside(1.0)
    assert await handle(sends) == [aside, Accept(), aside, Accept()]
    later = a_send(session_id)
    assert await handle([later]) == [aside], "nor does one of a later batch overtake them"
    assert await handle([sends[0], later]) == [Accept(), Accept()]


async def test_a_send_does_not_wait_for_one_that_was_put_aside_for_too_long(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_flairbit(service, monkeypatch):
        assert await handle([a_send(session_id)]) == [PutAside(1.0)]
    later = a_send(session_id)
    assert await handle([later]) == [PutAside(1.0)]
    service.clock.advance(7)
    assert await handle([later]) == [Accept()]


async def test_a_sender_whom_flairbit_does_not_know_delays_no_other_sender(
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
    assert await handle([*held, Submission(a_send(session_id))]) == [PutAside(1), PutAside(10), PutAside(60), Accept()]
    assert await handle([Submission(bad, 86_400)]) == [Reject("held-too-long")]
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
    assert await handle(held) == [Retry(), Retry(), PutAside(5), Reject("held-too-long")]


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
    assert await handle([Submission(a_send(session_id)), *lost]) == [Accept(), PutAside(1), PutAside(5)]


async def test_a_send_behind_a_waiting_one_is_tried_again_as_soon_as_that_one(
    service: Service, session_id: SessionId, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it was held itself: it would only wait on for nothing, and what is behind it as well."""
    with without_flairbit(service, monkeypatch):
        assert await handle([Submission(a_send(session_id), 5)]) == [PutAside(5)]
    service.clock.advance(2)
    assert await handle([Submission(a_send(session_id), 40)]) == [PutAside(3)]


async def test_with_the_store_away_a_send_ends_when_it_is_too_old(service: Service, session_id: SessionId) -> None:
    handle = handler_of(service, max_age=100)
    service.outage.away = True
    send = a_send(session_id)
    assert await handle([Submission(send, 99)]) == [Retry()]
    assert told(service, ERROR_QUEUE) == []
    assert await handle([Submission(send, inf)]) == [Reject("held-too-long")]
    (problem,) = told(service, ERROR_QUEUE)
    assert (problem["code"], problem["status"]) == ("held-too-long", 503)
    assert problem["clientMessageId"] == msgspec.json.decode(send)["clientMessageId"]
    assert await handle([send]) == [Retry()]
    service.outage.away = False
    assert await handle([Submission(send, 1_000)]) == [Accept()], "what can be stored is, however old"
