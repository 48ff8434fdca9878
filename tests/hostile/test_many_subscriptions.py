"""A user whose connections subscribe to one destination over and over."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from lab.raw_websocket import TEXT, RawWebSocket, frame
from tests.hostile.bounds import MB, Bounds
from tests.hostile.conftest import LIMITS, SERVERS
from tests.hostile.victim import ANN, Victim
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.service.service_process import ServiceProcess

CONNECTIONS = 98
SUBSCRIPTIONS = 800
BOUNDS = Bounds(growth=128 * MB, kept=128 * MB)
"""The frames of the attacker's own sockets; Granian's allocator keeps what they took."""
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", params=SERVERS)
def patient_victim(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """It takes at once the SUBSCRIBEs for which a user would need minutes."""
    limits = LIMITS | {"CHAT_SUBSCRIBE_RATE_LIMIT": "100000", "CHAT_SUBSCRIBE_RATE_BURST": "100000"}
    settings = {"CHAT_SERVER": request.param, "CHAT_DATABASE_URL": "memory:"} | limits
    service = ServiceProcess(tmp_path_factory.mktemp("patient"), settings)
    asyncio.run(service.start())
    yield Victim(service)
    assert asyncio.run(service.stop()) == 0


async def subscribe(victim: Victim, socket: RawWebSocket) -> None:
    connect = f"CONNECT\naccept-version:1.2\nAuthorization:Bearer {victim.token}\n\n\0"
    await socket.send(frame(TEXT, connect.encode()))
    assert (await socket.text()).startswith("CONNECTED")
    for first in range(0, SUBSCRIPTIONS, 200):
        frames = (f"SUBSCRIBE\nid:{first + n}\ndestination:/user/queue/ack\n\n\0" for n in range(200))
        await socket.send(frame(TEXT, "".join(frames).encode()))
    await socket.send(frame(TEXT, b"UNSUBSCRIBE\nid:none\nreceipt:subscribed\n\n\0"))
    assert (await socket.text()).startswith("RECEIPT")


async def read(socket: RawWebSocket) -> None:
    for _ in range(SUBSCRIPTIONS):
        assert (await socket.text()).startswith("MESSAGE\ndestination:/user/queue/ack\n")


async def test_one_send_to_78_400_subscriptions(patient_victim: Victim) -> None:
    victim = patient_victim
    async with Rest(victim.url, victim.token) as rest:
        session_id = await rest.init(ANN, "bob@example.org")
    async with AsyncExitStack() as open_sockets:
        sockets = []
        for _ in range(CONNECTIONS):
            sockets.append(await open_sockets.enter_async_context(RawWebSocket(victim.ws_url)))
            await subscribe(victim, sockets[-1])
        async with victim.watched(BOUNDS), WebClient(victim.ws_url, victim.token) as sender:
            await sender.send(chat_message(session_id, ANN, "to all of my own connections"))
            await asyncio.gather(*map(read, sockets))
