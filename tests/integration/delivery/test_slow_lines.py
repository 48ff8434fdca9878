"""Clients far away: acks that are late, backlogs larger than the limits, many replays at once."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually
from tests.support.network.proxy import Proxy
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess
from tests.support.service.shared_service import shared_service

BACKLOG = 3_000  # more than may wait for their ACK
ONE_WAY = 0.1
AT_ONCE = 500
QUEUE = "/user/queue/messages"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", params=["granian", "uvicorn"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[ServiceProcess]:
    settings = {"CHAT_SERVER": request.param, "CHAT_RATE_BURST": "100000", "CHAT_RATE_LIMIT": "10000"}
    with shared_service(tmp_path_factory.mktemp("slow"), databases, **settings) as service:
        yield service


class Acking:
    """ACKs each MESSAGE as it comes."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._task = asyncio.create_task(self._run())
        self.seqs: list[str] = []

    async def got(self, count: int) -> list[str]:
        await eventually(lambda: len(self.seqs) >= count or self._client.of("ERROR") != [], 60)
        assert self._client.of("ERROR") == []
        self._task.cancel()
        return self.seqs

    async def _run(self) -> None:
        while True:
            for frame in self._client.of("MESSAGE")[len(self.seqs) :]:
                self.seqs.append(frame.headers["seq"])
                self._client.say("ACK", id=frame.headers["ack"])
            await self._client.flush()
            await asyncio.sleep(0.01)


def two() -> tuple[str, str]:
    return f"ann-{uuid4()}@example.org", f"bob-{uuid4()}@example.org"


async def send(client: WebClient, session_id: str, sender: str, count: int) -> None:
    """In portions, as a machine that is busy with other things refuses what would wait too long."""
    for first in range(0, count, AT_ONCE):
        before = len(client.of("RECEIPT"))
        numbers = range(first, min(first + AT_ONCE, count))
        for number in numbers:
            await client.send(chat_message(session_id, sender, f"message {number}"), receipt=f"sent-{number}")
        await client.got("RECEIPT", before + len(numbers), within=60)


@pytest.mark.parametrize("ack", ["client-individual", "client"])
@pytest.mark.parametrize("where", ["queue", "topic"])
async def test_a_backlog_larger_than_the_limit_of_acks_arrives_over_a_slow_line(
    service: ServiceProcess, where: str, ack: str
) -> None:
    ann, bob = two()
    async with (
        Rest(service.url, service.token(ann)) as rest,
        WebClient(service.ws_url, service.token(ann)) as sender,
        Proxy(service.port, ONE_WAY) as line,
        WebClient(f"ws://127.0.0.1:{line.port}/ws", service.token(bob)) as reader,
    ):
        session_id = await rest.init(ann, bob)
        await send(sender, session_id, ann, BACKLOG)
        replay = {"replay": "undelivered"} if where == "queue" else {"resume-after": "0"}
        await reader.subscribe(QUEUE if where == "queue" else f"/topic/session.{session_id}", ack=ack, **replay)
        acking = Acking(reader)
        await send(sender, session_id, ann, 10)
        seqs = await acking.got(BACKLOG + 10)
        assert seqs == [str(seq) for seq in range(1, BACKLOG + 11)]


@pytest.mark.parametrize("where", ["queue", "topic"])
async def test_a_burst_to_a_connected_client_arrives_over_a_slow_line(service: ServiceProcess, where: str) -> None:
    ann, bob = two()
    async with (
        Rest(service.url, service.token(ann)) as rest,
        WebClient(service.ws_url, service.token(ann)) as sender,
        Proxy(service.port, ONE_WAY) as line,
        WebClient(f"ws://127.0.0.1:{line.port}/ws", service.token(bob)) as reader,
    ):
        session_id = await rest.init(ann, bob)
        topic = f"/topic/session.{session_id}"
        await reader.subscribe(QUEUE if where == "queue" else topic, ack="client-individual")
        acking = Acking(reader)
        await send(sender, session_id, ann, BACKLOG)
        assert sorted(await acking.got(BACKLOG), key=int) == [str(seq) for seq in range(1, BACKLOG + 1)]


async def test_many_replays_on_one_connection_are_not_its_slowness(service: ServiceProcess) -> None:
    ann, _ = two()
    async with (
        Rest(service.url, service.token(ann)) as rest,
        WebClient(service.ws_url, service.token(ann)) as sender,
    ):
        session_ids = [await rest.init(ann, f"peer-{uuid4()}@example.org") for _ in range(200)]
        for session_id in session_ids:
            for _ in range(5):
                await sender.send(chat_message(session_id, ann, "x" * 3_000), receipt="r")
        await sender.got("RECEIPT", 1_000, within=60)
        async with WebClient(service.ws_url, service.token(ann)) as reader:
            for session_id in session_ids:
                reader.say("SUBSCRIBE", id=session_id, destination=f"/topic/session.{session_id}", resume_after="0")
            await reader.flush()
            came = await reader.got("MESSAGE", 1_000, within=60)
            for session_id in session_ids:
                assert [one.headers["seq"] for one in came if one.headers["session-id"] == session_id] == list("12345")
