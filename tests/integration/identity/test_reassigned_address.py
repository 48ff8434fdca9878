"""FlairBit gives somebody's address to a stranger while two instances run (contract, section 4)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from lab.rabbitmq import RabbitNode
from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.identity.flairbit import FlairBit
from tests.support.network.http_server import http_server
from tests.support.service.instances import two_instances
from tests.support.service.service_process import ServiceProcess

OLD, NEW, BOB = "kate@old.example", "kate@new.example", "bob@example.org"
MESSAGES = "/user/queue/messages"


@dataclass
class World:
    flairbit: FlairBit
    here: ServiceProcess
    there: ServiceProcess


@pytest.fixture
async def world(database_url: str, fresh_rabbitmq: RabbitNode, tmp_path: Path) -> AsyncIterator[World]:
    flairbit = FlairBit()
    async with http_server() as server:
        server.will(flairbit)
        settings = {
            "CHAT_DATABASE_URL": database_url,
            "CHAT_BROKER_URL": fresh_rabbitmq.url,
            "CHAT_FLAIRBIT_BASE_URL": server.url,
            "CHAT_PROFILE_CACHE_TTL": "1s",
            "CHAT_PROFILE_NEGATIVE_TTL": "1s",
        }
        async with two_instances(tmp_path, **settings) as (here, there):
            yield World(flairbit, here, there)


async def status(service: ServiceProcess, email: str, session_id: str) -> int:
    async with Rest(service.url, service.token(email)) as rest:
        return (await rest.get(f"/api/chat/{session_id}/history"))[0]


async def test_the_stranger_gets_nothing_and_the_owner_everything(world: World) -> None:
    here, there, flairbit = world.here, world.there, world.flairbit
    flairbit.knows(BOB, "Bob")
    kate = flairbit.knows(OLD, "Kate")
    async with AsyncExitStack() as stack:
        rest = await stack.enter_async_context(Rest(there.url, there.token(BOB)))
        session_id = await rest.init(BOB, OLD)
        topic = f"/topic/session.{session_id}"
        subscribed = await stack.enter_async_context(WebClient(here.ws_url, here.token(OLD)))
        waiting = await stack.enter_async_context(WebClient(here.ws_url, here.token(OLD)))
        await subscribed.subscribe(topic)
        await waiting.subscribe(MESSAGES)
        await rest.post("/api/chat/message", chat_message(session_id, BOB, "for kate"))
        await subscribed.messages(topic)
        await waiting.messages(MESSAGES)

        flairbit.knows(OLD, "Stranger")
        flairbit.knows(NEW, "Dr. Kate", kate)
        # who is subscribed loses the topic, though nothing was sent or asked meanwhile
        (error,) = await subscribed.got("ERROR")
        assert b"not-a-participant" in error.body or "not-a-participant" in error.headers.values()
        await subscribed.closed()

        for service in (here, there):
            assert await status(service, OLD, session_id) == 403
        _, private = await rest.post("/api/chat/message", chat_message(session_id, BOB, "private"))
        async with Rest(here.url, here.token(OLD)) as stranger:
            seen = {"readerEmail": OLD, "intent": INTENT, "upToSeq": 1}
            assert (await stranger.post(f"/api/chat/{session_id}/seen", seen))[0] == 403
            _, listed = await stranger.get("/api/chat/sessions", email=OLD)
            assert listed["sessions"] == []
        late = await stack.enter_async_context(WebClient(there.ws_url, there.token(OLD)))
        await late.subscribe(MESSAGES, replay="undelivered")
        late.say("SUBSCRIBE", id="topic", destination=topic)
        await late.flush()
        assert await late.got("ERROR")

        owner = await stack.enter_async_context(WebClient(here.ws_url, here.token(NEW)))
        await owner.subscribe(topic, **{"resume-after": "0"})
        history = await owner.messages(topic, 2)
        assert [message["content"] for message in history] == ["for kate", "private"]
        await owner.subscribe(MESSAGES, replay="undelivered")

        async def is_live() -> bool:
            """As soon as the other instance has learned the new address."""
            await rest.post("/api/chat/message", chat_message(session_id, BOB, "live"))
            return any(b'"live"' in frame.body for frame in owner.of("MESSAGE") if _is_to(frame, MESSAGES))

        await eventually_some(is_live)
        assert [msgspec.json.decode(frame.body)["content"] for frame in waiting.of("MESSAGE")] == ["for kate"]
        assert late.of("MESSAGE") == []
        async with Rest(there.url, there.token(NEW)) as at_home:
            _, listed = await at_home.get("/api/chat/sessions", email=NEW)
            assert [one["sessionId"] for one in listed["sessions"]] == [session_id]
        assert private["content"] == "private"


def _is_to(frame: object, destination: str) -> bool:
    return getattr(frame, "headers", {}).get("destination") == destination


async def test_a_changed_name_is_shown_everywhere(world: World) -> None:
    here, there, flairbit = world.here, world.there, world.flairbit
    flairbit.knows(BOB, "Bob")
    kate = flairbit.knows(OLD, "Kate")
    async with Rest(here.url, here.token(OLD)) as rest, Rest(there.url, there.token(BOB)) as bob:
        session_id = await rest.init(OLD, BOB)
        await rest.post("/api/chat/message", chat_message(session_id, OLD, "hello"))
        flairbit.knows(OLD, "Dr. Kate", kate)

        async def is_told() -> bool:
            _, history = await bob.get(f"/api/chat/{session_id}/history")
            _, page = await bob.get("/api/chat/sessions", email=BOB)
            names = [history[0]["senderDisplayName"], page["sessions"][0]["peer"]["displayName"]]
            return names == ["Dr. Kate"] * 2

        await eventually_some(is_told)
    async with WebClient(there.ws_url, there.token(BOB)) as socket:
        await socket.subscribe(MESSAGES, replay="undelivered")
        (message,) = await socket.messages(MESSAGES)
        assert message["senderDisplayName"] == "Dr. Kate"
