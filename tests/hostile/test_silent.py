"""Connections that are opened and then say nothing, or nothing more."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab.raw_websocket import TEXT, RawWebSocket, frame
from tests.hostile.bounds import Bounds
from tests.hostile.conftest import LIMITS, SERVERS
from tests.hostile.victim import ANN, Victim
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually
from tests.support.service.service_process import ServiceProcess

BOB = "bob@example.org"
STRANGERS = 200
USERS = 80  # of one user
ENDED_WITHIN = 60.0  # seconds: 10 for a head or a CONNECT, 5 for a session that nobody polls
LEFT = 10  # sockets of others
HALF_A_HEAD = b"GET /ws HTTP/1.1\r\nHost: chat\r\nUpgrade: webso"
POLL = b"POST /ws/000/silent%d/xhr HTTP/1.1\r\nHost: chat\r\nContent-Length: 0\r\n\r\n"
HALF_A_BODY = b"POST /api/chat/init HTTP/1.1\r\nHost: chat\r\nContent-Length: 100\r\n\r\n{"

Open = Callable[[AsyncExitStack, Victim, int], Awaitable[None]]


def saying(octets: bytes) -> Open:
    async def open_one(stack: AsyncExitStack, victim: Victim, number: int) -> None:
        address = urlsplit(victim.url)
        client = stack.enter_context(socket.socket())
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (address.hostname, address.port))
        await loop.sock_sendall(client, octets.replace(b"%d", b"%d" % number))

    return open_one


async def upgraded(stack: AsyncExitStack, victim: Victim, _: int) -> None:
    await stack.enter_async_context(RawWebSocket(victim.ws_url))


async def in_sockjs(stack: AsyncExitStack, victim: Victim, number: int) -> None:
    await stack.enter_async_context(RawWebSocket(f"{victim.ws_url}/000/silent{number}/websocket"))


async def with_half_a_connect(stack: AsyncExitStack, victim: Victim, _: int) -> None:
    client = await stack.enter_async_context(RawWebSocket(victim.ws_url))
    await client.send(frame(TEXT, b"CONNECT\naccept-version:1.2\n"))


async def without_beats(stack: AsyncExitStack, victim: Victim, _: int) -> None:
    client = await stack.enter_async_context(RawWebSocket(victim.ws_url))
    head = f"CONNECT\naccept-version:1.2\nheart-beat:1000,1000\nAuthorization:Bearer {victim.token}\n\n\0"
    await client.send(frame(TEXT, head.encode()))
    assert (await client.text()).startswith("CONNECTED")


SILENT: dict[str, Open] = {
    "nothing": saying(b""),
    "half a head": saying(HALF_A_HEAD),
    "half a body": saying(HALF_A_BODY),
    "a poll": saying(POLL),
    "an upgrade": upgraded,
    "an upgrade of SockJS": in_sockjs,
    "half a CONNECT": with_half_a_connect,
}


@asynccontextmanager
async def opened(victim: Victim, open_one: Open, count: int) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for number in range(count):
            await open_one(stack, victim, number)
        yield


async def a_user_gets_in(victim: Victim) -> None:
    """And is served, as if nobody else were there."""
    token = victim.service.token(BOB)
    async with Rest(victim.url, token) as rest, WebClient(victim.ws_url, token) as bob:
        session_id = await rest.init(BOB, ANN)
        await bob.send(chat_message(session_id, BOB, "hello"), receipt="sent")
        await bob.got("RECEIPT")


@pytest.mark.parametrize("kind", SILENT)
async def test_the_silent_are_ended_and_users_get_in_meanwhile(attacked: Victim, kind: str) -> None:
    before = attacked.sockets
    async with opened(attacked, SILENT[kind], STRANGERS):
        await a_user_gets_in(attacked)
        await eventually(lambda: attacked.sockets <= before + LEFT, ENDED_WITHIN)
    await a_user_gets_in(attacked)


@pytest.fixture(params=SERVERS)
async def impatient(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Victim]:
    """A victim whose clients are lost after 13 s: by default a hidden tab of a browser has 130 s for its beats."""
    settings = {"CHAT_SERVER": request.param, "CHAT_DATABASE_URL": "memory:", "CHAT_HEARTBEAT": "1s"} | LIMITS
    service = ServiceProcess(tmp_path, settings)
    await service.start()
    yield Victim(service)
    assert await service.stop() == 0


async def test_users_without_beats_are_ended(impatient: Victim) -> None:
    async with impatient.watched(Bounds()):
        before = impatient.sockets
        async with opened(impatient, without_beats, USERS):
            await a_user_gets_in(impatient)
            await eventually(lambda: impatient.sockets <= before + LEFT, ENDED_WITHIN)
