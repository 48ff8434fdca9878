"""A user with a token and bad intentions, on the plain WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lab.raw_websocket import TEXT, RawWebSocket, frame
from tests.hostile.victim import Victim

NACK = b"NACK\nid:a\n\n\0"
SUBSCRIBE = b"SUBSCRIBE\nid:a\ndestination:/user/queue/ack\n\n\0UNSUBSCRIBE\nid:a\n\n\0"
BEGIN = b"BEGIN\ntransaction:a\n\n\0ABORT\ntransaction:a\n\n\0"
SMALL = {"NACK": NACK, "SUBSCRIBE": SUBSCRIBE, "BEGIN": BEGIN, "beat": b"\n"}


@asynccontextmanager
async def connected(victim: Victim) -> AsyncIterator[RawWebSocket]:
    async with RawWebSocket(victim.ws_url) as socket:
        connect = f"CONNECT\naccept-version:1.2\nAuthorization:Bearer {victim.token}\n\n\0"
        await socket.send(frame(TEXT, connect.encode()))
        assert (await socket.text()).startswith("CONNECTED")
        yield socket


async def answers(socket: RawWebSocket) -> None:
    await socket.send(frame(TEXT, b"UNSUBSCRIBE\nid:none\nreceipt:last\n\n\0"))
    assert (await socket.text()).startswith("RECEIPT\nreceipt-id:last\n")


async def answers_or_limits(socket: RawWebSocket, kind: str) -> None:
    """A user has a rate of SUBSCRIBEs; what costs no more than reading it has none."""
    if kind != "SUBSCRIBE":
        await answers(socket)
        return
    end = await socket.end()
    assert end.texts[0].startswith("ERROR\nmessage:rate-limited\n")
    assert end.code == 1008


async def test_900_000_frames_in_one_message(attacked: Victim) -> None:
    async with connected(attacked) as socket:
        await socket.send(frame(TEXT, NACK * 900_000))
        end = await socket.end()
    assert end.code == 1009
    assert end.texts[0].startswith("ERROR\nmessage:too-large\n")


@pytest.mark.parametrize("kind", SMALL)
async def test_more_frames_than_a_message_may_have(attacked: Victim, kind: str) -> None:
    async with connected(attacked) as socket:
        await socket.send(frame(TEXT, SMALL[kind] * 5_000))
        if kind == "beat":
            await answers(socket)
        else:
            end = await socket.end()
            assert end.code == 1009
            assert end.texts[0].startswith("ERROR\nmessage:too-large\n")


@pytest.mark.parametrize("kind", SMALL)
async def test_100_000_frames_in_messages_as_full_as_may_be(attacked: Victim, kind: str) -> None:
    async with connected(attacked) as socket:
        for _ in range(200):
            if not await socket.send(frame(TEXT, SMALL[kind] * 500)):
                break
        await answers_or_limits(socket, kind)


@pytest.mark.parametrize("kind", SMALL)
async def test_20_000_messages_at_once(attacked: Victim, kind: str) -> None:
    async with connected(attacked) as socket:
        await socket.send(frame(TEXT, SMALL[kind]) * 20_000)
        await answers_or_limits(socket, kind)


async def test_ten_such_connections_together(attacked: Victim) -> None:
    async def flood() -> None:
        async with connected(attacked) as socket:
            for _ in range(50):
                await socket.send(frame(TEXT, NACK * 500))
            await answers(socket)

    await asyncio.gather(*(flood() for _ in range(10)))


async def test_transactions_full_of_large_frames(attacked: Victim) -> None:
    large = b"SEND\ntransaction:%d\ndestination:/app/chat.send\n\n" + b"x" * 60_000 + b"\0"
    async with connected(attacked) as socket:
        for number in range(8):
            await socket.send(frame(TEXT, b"BEGIN\ntransaction:%d\n\n\0" % number))
            for _ in range(16):
                if not await socket.send(frame(TEXT, large % number)):
                    break
        end = await socket.end()
    assert end.texts[0].startswith("ERROR\nmessage:rate-limited\n")
    assert end.code == 1008
