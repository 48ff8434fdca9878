"""Helpers for tests of the handler of queued sends."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from application.ports.send_queue import Submission, Verdict
from application.use_cases.submitted_sends import SubmittedSends
from domain.destination import ERROR_QUEUE, user_destination
from domain.errors import DirectoryUnavailable
from domain.identifiers import Email, Intent, SessionId
from domain.profile import Profile
from tests.support.memory.service import ANN, EVE, Service
from tests.support.people import FRIENDS

Handle = Callable[[Sequence[bytes | Submission]], Awaitable[Sequence[Verdict]]]


def handler_of(service: Service, **settings: Any) -> Handle:
    """Takes bodies, or whole submissions."""
    handler = SubmittedSends(
        service.send, service.broker, service.clock, **{"max_body": 65_536, "max_age": 86_400, **settings}
    )

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


@contextmanager
def without_flairbit(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """FlairBit is away, and nobody's profile is known from before."""

    async def find(email: Email, intent: Intent) -> Profile:
        raise DirectoryUnavailable

    service.participants._participations.clear()
    with monkeypatch.context() as patch:
        patch.setattr(service.lookup, "find", find)
        yield


def eve_is_told(service: Service) -> list[str]:
    errors = user_destination(EVE.email, ERROR_QUEUE)
    return [msgspec.json.decode(one.body)["code"] for one in service.push.deliveries if one.destination == errors]


def told(service: Service, queue: str) -> list[Any]:
    destination = user_destination(ANN.email, queue)
    return [msgspec.json.decode(one.body) for one in service.push.deliveries if one.destination == destination]
