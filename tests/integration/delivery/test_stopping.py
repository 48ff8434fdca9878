"""SIGTERM while a client reads slowly and ACKs: it is closed in order, its ACKs count, and nothing is lost."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.encoder import write_frame
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.service.service_process import ServiceProcess

MESSAGES = 600
LARGE = "👋" * 4_000  # so that some 10 MB are more than the sockets and the queue take
PAUSE = 0.01
UNDERWAY = 20
"""ACKs that the service may not have read yet."""
CLOSE_CODES = {"uvicorn": {1001}, "granian": {1001, 1006}}
"""Granian closes the socket without waiting for the answer, and so cuts off a client whose ACKs it has not read."""
QUEUE = "/user/queue/messages"
pytestmark = pytest.mark.timeout(120)


class SlowReader:
    """Reads one message at a time, and ACKs it. `seqs` are those of the messages that came."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._decoder = FrameDecoder(max_frame_bytes=1_000_000)
        self._decoder.use("1.2")
        self.seqs: list[int] = []

    async def connect(self, token: str) -> None:
        await self._say("CONNECT", **{"accept-version": "1.2", "Authorization": f"Bearer {token}"})
        assert str(await self._socket.recv()).startswith("CONNECTED")
        await self._say("SUBSCRIBE", id="1", destination=QUEUE, ack="client-individual", receipt="subscribed")
        assert str(await self._socket.recv()).startswith("RECEIPT")

    async def read(self) -> None:
        """Reads to the end."""
        with suppress(ConnectionClosed):
            while True:
                (frame,) = self._decoder.feed(await self._socket.recv())
                self.seqs.append(int(frame.headers["seq"]))
                await self._say("ACK", id=frame.headers["ack"])
                await asyncio.sleep(PAUSE)

    async def _say(self, command: str, **headers: str) -> None:
        await self._socket.send(write_frame(command, headers, "", "1.2"))


@pytest.mark.parametrize("server", ["granian", "uvicorn"])
async def test_a_slow_reader_that_acks_is_closed_in_order_and_loses_nothing(
    database_url: str, tmp_path: Path, server: str
) -> None:
    settings = {"CHAT_SERVER": server, "CHAT_RATE_BURST": "10000", "CHAT_DATABASE_URL": database_url}
    async with ServiceProcess(tmp_path, settings) as service:
        ann, bob = f"ann-{uuid4()}@example.org", f"bob-{uuid4()}@example.org"
        async with (
            Rest(service.url, service.token(ann)) as rest,
            connect(service.ws_url, compression=None, max_queue=1, ping_interval=None) as socket,
        ):
            session_id = await rest.init(ann, bob)
            reader = SlowReader(socket)
            await reader.connect(service.token(bob))
            reading = asyncio.create_task(reader.read())
            async with WebClient(service.ws_url, service.token(ann)) as sender:
                for first in range(0, MESSAGES, 100):
                    for _ in range(100):
                        await sender.send(chat_message(session_id, ann, LARGE), receipt="r")
                    await sender.got("RECEIPT", first + 100, within=60)
            service.signal(signal.SIGTERM)
            before = len(reader.seqs)
            await reading
            assert socket.close_code in CLOSE_CODES[server]
            assert await service.ended() == 0
        await service.start()
        async with WebClient(service.ws_url, service.token(bob)) as back:
            await back.subscribe(QUEUE, ack="client-individual", replay="undelivered")
            replayed: list[int] = []
            while set(reader.seqs) | set(replayed) != set(range(1, MESSAGES + 1)):
                await back.got("MESSAGE", len(replayed) + 1)
                replayed = [int(frame.headers["seq"]) for frame in back.of("MESSAGE")]
        assert reader.seqs == list(range(1, len(reader.seqs) + 1))
        assert await service.stop() == 0
        again = min(replayed, default=MESSAGES + 1)
        assert replayed == list(range(again, MESSAGES + 1)), "without a hole"
        assert again > before - UNDERWAY, "what was ACKed before does not come again"
        if server == "uvicorn":
            assert len(reader.seqs) > before + UNDERWAY, "it was given what was queued"
            assert again > before + UNDERWAY, "what it ACKed of that does not come again"
