"""A user who asks for many replays or pages at once, and reads nothing of them or leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from lab.raw_websocket import TEXT, RawWebSocket, frame
from tests.hostile.http.test_rest import ask_and_read_nothing
from tests.hostile.victim import ANN, Victim
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually_some

BOB = "bob@example.org"
MESSAGES = 200
LARGE = "😀" * 4_000
REPLAYS = 150
BEFORE_IT_LEAVES = 0.3  # seconds, in which replays begin
NOTICED_WITHIN = 2.0
UNREAD_ANSWERS = 40
HANDLED_WITHIN = 10.0  # on Granian the frames that it sent before it left are handled first
CLOSED_WITHIN = 30.0  # `CHAT_SLOW_CONSUMER`, and the time to close


@pytest.fixture(scope="module")
def backlogs() -> dict[str, str]:
    """The session with the backlog, by the victim's address."""
    return {}


@pytest.fixture
async def session_id(victim_on_postgres: Victim, backlogs: dict[str, str]) -> str:
    """A session with `MESSAGES` messages as large as may be."""
    victim = victim_on_postgres
    if victim.url not in backlogs:
        async with Rest(victim.url, victim.token) as rest:
            backlogs[victim.url] = await rest.init(ANN, BOB)
        async with WebClient(victim.ws_url, victim.token) as ann:
            for number in range(MESSAGES):
                await ann.send(chat_message(backlogs[victim.url], ANN, LARGE), receipt=str(number))
            await ann.got("RECEIPT", MESSAGES, within=60)
    return backlogs[victim.url]


async def only_the_bystander_is_left(victim: Victim, within: float) -> None:
    async def so_it_is() -> bool:
        async with aiohttp.ClientSession() as http, http.get(f"{victim.url}/metrics") as answer:
            return "chat_connections 1.0" in (await answer.text()).splitlines()

    await eventually_some(so_it_is, within)


@asynccontextmanager
async def replaying(victim: Victim, session_id: str, count: int) -> AsyncIterator[RawWebSocket]:
    """A client with `count` replays of the session, which reads nothing."""
    async with RawWebSocket(victim.ws_url) as socket:
        connect = f"CONNECT\naccept-version:1.2\nAuthorization:Bearer {victim.token}\n\n\0"
        await socket.send(frame(TEXT, connect.encode()))
        assert (await socket.text()).startswith("CONNECTED")
        destination = f"destination:/topic/session.{session_id}\nresume-after:0"
        for first in range(0, count, 200):
            wanted = range(first, min(first + 200, count))
            await socket.send(frame(TEXT, "".join(f"SUBSCRIBE\nid:{n}\n{destination}\n\n\0" for n in wanted).encode()))
        yield socket


async def test_a_client_that_leaves_its_replays(session_id: str, attacked_on_postgres: Victim) -> None:
    async with replaying(attacked_on_postgres, session_id, REPLAYS):
        await asyncio.sleep(BEFORE_IT_LEAVES)
    await only_the_bystander_is_left(attacked_on_postgres, NOTICED_WITHIN)


async def test_a_client_that_reads_nothing_of_its_replays(session_id: str, attacked_on_postgres: Victim) -> None:
    async with replaying(attacked_on_postgres, session_id, REPLAYS):
        await only_the_bystander_is_left(attacked_on_postgres, CLOSED_WITHIN)


async def test_clients_with_a_thousand_replays_each(session_id: str, attacked_on_postgres: Victim) -> None:
    for _ in range(2):
        async with replaying(attacked_on_postgres, session_id, 1_000):
            await asyncio.sleep(BEFORE_IT_LEAVES)
    await only_the_bystander_is_left(attacked_on_postgres, HANDLED_WITHIN)


async def test_pages_of_a_history_that_nobody_reads(session_id: str, attacked_on_postgres: Victim) -> None:
    """Each is 3 MB. What one user cannot get at once is refused, and the rest comes at a rate."""
    victim = attacked_on_postgres
    path = f"/api/chat/{session_id}/history?after=0&limit={MESSAGES}"
    head = f"GET {path} HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {victim.token}\r\n\r\n".encode()
    clients = []
    for _ in range(10):
        clients += [ask_and_read_nothing(victim, head) for _ in range(UNREAD_ANSWERS)]
        await asyncio.sleep(BEFORE_IT_LEAVES)
    for client in clients:
        client.close()
