"""Events over two instances on one PostgreSQL and one RabbitMQ, and a client that resumes at the other one."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lab.rabbitmq import RabbitNode
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually
from tests.support.service.instances import two_instances
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
EVENTS = "/user/queue/events"


@pytest.fixture
async def services(tmp_path: Path, database_url: str, rabbitmq: RabbitNode) -> AsyncIterator[list[ServiceProcess]]:
    async with two_instances(tmp_path, CHAT_DATABASE_URL=database_url, CHAT_BROKER_URL=rabbitmq.url) as services:
        yield services


def events(client: WebClient) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame.body) for frame in client.of("MESSAGE")]


async def events_of(client: WebClient, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """The events of that type, once there are `count`."""
    await eventually(lambda: len([event for event in events(client) if event["type"] == kind]) >= count)
    return [event for event in events(client) if event["type"] == kind]


def bob_at(service: ServiceProcess) -> WebClient:
    return WebClient(service.ws_url, service.token(BOB))


def done(answered: tuple[int, Any]) -> Any:
    """The body of an answer that is no refusal."""
    status, answer = answered
    assert status in (200, 204), answer
    return answer


async def test_events_of_one_instance_reach_the_other_live_and_in_a_resume(
    services: list[ServiceProcess],
) -> None:
    here, there = services
    async with Rest(here.url, here.token(ANN)) as ann:
        session_id = await ann.init(ANN, BOB)
        async with bob_at(there) as bob:
            await bob.subscribe(EVENTS)
            (ready,) = await events_of(bob, "ready")
            sent = done(await ann.post("/api/chat/message", chat_message(session_id, ANN, "first")))
            assert (await events_of(bob, "message"))[0]["content"] == "first"
            place = f"/api/chat/{session_id}/messages/{sent['messageId']}"
            done(await ann.call("PATCH", place, '{"content": "edited"}'))
            edited = (await events_of(bob, "message", 2))[1]
            assert (edited["messageId"], edited["content"], edited["version"]) == (sent["messageId"], "edited", 2)
        done(await ann.post("/api/chat/message", chat_message(session_id, ANN, "second")))
        done(await ann.call("DELETE", f"{place}?for=everyone"))
        async with bob_at(here) as bob:
            await bob.subscribe(EVENTS, resume_after=ready["sync"])
            (ready,) = await events_of(bob, "ready")
            session, *messages, last = [event for event in events(bob) if event["type"] != "receipt"]
            assert (session["type"], session["lastSeq"], last) == ("session", 2, ready)
            told = [event["content"] for event in messages if event["type"] == "message"]
            assert told == ["This message was deleted", "second"]
        async with bob_at(there) as bob:
            await bob.subscribe(EVENTS, resume_after=ready["sync"])
            first, *_ = await bob.got("MESSAGE")
            assert first.headers["event-type"] == "ready"
            assert events(bob)[0]["type"] == "ready"
