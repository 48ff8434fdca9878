"""Attacks on the memory, each for as long as `--soak` says: what they take, they give back."""

import asyncio
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit

import pytest

from lab.raw_websocket import CONTINUATION, PING, TEXT, RawWebSocket, frame
from tests.hostile.victim import Victim

MEGABYTE = 1024 * 1024


@pytest.fixture
def until(pytestconfig: pytest.Config) -> float:
    """When an attack ends, as `monotonic()` tells it."""
    seconds: float = pytestconfig.getoption("soak")
    return monotonic() + seconds


@pytest.mark.parametrize("size", [0, 125])
async def test_pings_with_pongs_that_nobody_reads(attacked: Victim, until: float, size: int) -> None:
    pings = frame(PING, b"p" * size) * (65_536 // (6 + size))
    async with RawWebSocket(attacked.ws_url) as socket:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - monotonic()):
                while await socket.send(pings):
                    pass


async def test_large_messages_that_break_off(attacked: Victim, until: float) -> None:
    half = frame(TEXT, b"x" * 16 * MEGABYTE)[:-MEGABYTE]
    while monotonic() < until:
        async with RawWebSocket(attacked.ws_url) as socket:
            await socket.send(half)


async def test_fragments_that_break_off(attacked: Victim, until: float) -> None:
    piece = frame(CONTINUATION, b"x" * 60_000, fin=False)
    while monotonic() < until:
        async with RawWebSocket(attacked.ws_url) as socket:
            await socket.send(frame(TEXT, fin=False))
            for _ in range(200):
                if not await socket.send(piece):
                    break


async def test_empty_fragments_without_an_end(attacked: Victim, until: float) -> None:
    pieces = frame(CONTINUATION, fin=False) * 10_000
    async with RawWebSocket(attacked.ws_url) as socket:
        await socket.send(frame(TEXT, fin=False))
        while monotonic() < until and await socket.send(pieces):
            pass


async def test_connections_that_come_and_go(attacked: Victim, until: float) -> None:
    while monotonic() < until:
        async with RawWebSocket(attacked.ws_url) as socket:
            await socket.send(frame(TEXT, b"CONNECT\n\nx\0"))
            assert (await socket.end()).code == 1002


async def test_half_heads(attacked: Victim) -> None:
    """Whoever does not send a whole head is cut off."""
    address = urlsplit(attacked.url)
    opened = [await asyncio.open_connection(address.hostname, address.port) for _ in range(100)]
    for _, writer in opened:
        writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 8_000)
    async with asyncio.timeout(20):
        await asyncio.gather(*(reader.read() for reader, _ in opened))
    for _, writer in opened:
        writer.close()


async def test_a_head_that_drips(attacked: Victim) -> None:
    address = urlsplit(attacked.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
    ended = asyncio.create_task(reader.read())
    async with asyncio.timeout(20):
        while not ended.done():
            writer.write(b"a")
            await asyncio.wait([ended], timeout=0.5)
    writer.close()


async def test_a_body_in_chunks_of_one_octet(attacked: Victim, until: float) -> None:
    address = urlsplit(attacked.url)
    head = b"POST /ws/000/chunks/xhr_send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    while monotonic() < until:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(head)
        with suppress(OSError):
            for _ in range(10):
                writer.write(b"1\r\nx\r\n" * 20_000)
                await writer.drain()
        writer.transport.abort()


@pytest.mark.parametrize(
    "half",
    [
        b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 60_000,
        b"POST /ws/000/half/xhr_send HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + b"a" * 60_000,
    ],
    ids=["head", "body"],
)
async def test_requests_that_break_off(attacked: Victim, until: float, half: bytes) -> None:
    address = urlsplit(attacked.url)
    while monotonic() < until:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(half)
        await writer.drain()
        writer.close()
