"""Typing and presence over instances on one RabbitMQ: told across them, never stored, right after one was killed."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import aio_pika
import msgspec
import pytest

from adapters.rabbitmq.topology import ROUTED_EXCHANGE
from lab.rabbitmq import RabbitNode
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually
from tests.support.service.instances import two_instances
from tests.support.service.service_process import ServiceProcess

ANN, BOB, CAL = "ann@example.org", "bob@example.org", "cal@example.org"
EVENTS = "/user/queue/events"


@pytest.fixture
async def services(tmp_path: Path, database_url: str, rabbitmq: RabbitNode) -> AsyncIterator[list[ServiceProcess]]:
    async with two_instances(tmp_path, CHAT_DATABASE_URL=database_url, CHAT_BROKER_URL=rabbitmq.url) as services:
        yield services


async def client(stack: AsyncExitStack, service: ServiceProcess, who: str) -> WebClient:
    """A connection with events."""
    opened = await stack.enter_async_context(WebClient(service.ws_url, service.token(who)))
    await opened.subscribe(EVENTS)
    await told(opened, "ready")
    return opened


async def say(client: WebClient, command: str, **body: Any) -> None:
    """Returns with the RECEIPT."""
    receipt = str(uuid4())
    client.say("SEND", msgspec.json.encode(body).decode(), destination=f"/app/chat.{command}", receipt=receipt)
    await client.flush()
    await eventually(lambda: any(frame.headers["receipt-id"] == receipt for frame in client.of("RECEIPT")))


def events(client: WebClient, kind: str) -> list[dict[str, Any]]:
    decoded = [msgspec.json.decode(frame.body) for frame in client.of("MESSAGE")]
    return [event for event in decoded if event["type"] == kind]


async def told(client: WebClient, kind: str, count: int = 1, within: float = 30) -> list[dict[str, Any]]:
    await eventually(lambda: len(events(client, kind)) >= count, within)
    return events(client, kind)


async def states(client: WebClient, count: int, within: float = 30) -> list[str]:
    return [event["state"] for event in await told(client, "presence", count, within)]


async def sessions_of_ann(service: ServiceProcess, *others: str) -> list[str]:
    async with Rest(service.url, service.token(ANN)) as ann:
        return [await ann.init(ANN, other) for other in others]


async def test_presence_and_typing_cross_instances(services: list[ServiceProcess]) -> None:
    here, there = services
    (session_id,) = await sessions_of_ann(here, BOB)
    async with AsyncExitStack() as stack:
        ann = await client(stack, here, ANN)
        await say(ann, "watch", sessionIds=[session_id])
        assert await states(ann, 1) == ["offline"]
        bob = await client(stack, there, BOB)
        began = monotonic()
        assert await states(ann, 2) == ["offline", "online"]
        assert monotonic() - began < 5
        await say(bob, "watch", sessionIds=[session_id])
        assert await states(bob, 1) == ["online"]
        await say(ann, "typing", sessionId=session_id, state="typing")
        (event,) = await told(bob, "typing")
        assert (event["sessionId"], event["state"], event["expiresIn"]) == (session_id, "typing", 6)
        await ann.send(chat_message(session_id, ANN, "there it is"))
        await told(bob, "message")
        await say(bob, "presence", state="away")
        assert (await states(ann, 3))[2] == "away"
        assert not events(ann, "typing")


async def test_typing_to_nobody_is_not_published(services: list[ServiceProcess], rabbitmq: RabbitNode) -> None:
    here, there = services
    to_bob, to_cal = await sessions_of_ann(here, BOB, CAL)
    connection = await aio_pika.connect(rabbitmq.url)
    async with connection, connection.channel() as channel, AsyncExitStack() as stack:
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(ROUTED_EXCHANGE, "#")
        ann, bob = await client(stack, here, ANN), await client(stack, there, BOB)
        await say(ann, "typing", sessionId=to_cal, state="recording")
        await say(ann, "typing", sessionId=to_bob, state="typing")
        await told(bob, "typing")
        bodies = []
        while (message := await queue.get(fail=False)) is not None:
            assert message.delivery_mode != aio_pika.DeliveryMode.PERSISTENT
            bodies.append(message.body)
        assert len([body for body in bodies if b'"state":"typing"' in body]) == 1
        assert not [body for body in bodies if b'"state":"recording"' in body]


async def test_a_killed_instance_takes_its_people_offline_and_a_reconnect_is_not_seen(
    services: list[ServiceProcess],
) -> None:
    here, there = services
    sessions = await sessions_of_ann(here, BOB, CAL)
    async with AsyncExitStack() as stack:
        ann = await client(stack, here, ANN)
        await client(stack, there, BOB)
        await client(stack, there, CAL)
        await say(ann, "watch", sessionIds=sessions)
        assert await states(ann, 2) == ["online", "online"]
        there.signal(signal.SIGKILL)
        died = monotonic()
        await there.ended()
        back = await client(stack, here, BOB)
        await say(ann, "typing", sessionId=sessions[0], state="typing")
        await told(back, "typing")
        assert (await states(ann, 3, within=65))[2] == "offline"
        assert 15 < monotonic() - died < 60
        await there.start()
        await client(stack, there, CAL)
        assert await states(ann, 4) == ["online", "online", "offline", "online"]
        assert len({event["profileId"] for event in events(ann, "presence")[2:]}) == 1
