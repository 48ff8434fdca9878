"""A stranger without a token, on the plain WebSocket."""

import pytest

from lab.raw_websocket import BINARY, TEXT, RawWebSocket, fragments, frame
from tests.hostile.victim import Victim

MEGABYTE = 1024 * 1024
OUR_MESSAGE_LIMIT = 262_144
LONG_HEADERS = b"CONNECT\naccept-version:1.2\n" + b"".join(b"h%d:%s\n" % (n, b"x" * 8_000) for n in range(7)) + b"\n\0"
HUGE = {
    "lines": b"a\n" * 7_500_000,
    "beats": b"\n" * 15 * MEGABYTE,
    "ends": b"\0" * 15 * MEGABYTE,
    "two-octet characters": "ö".encode() * 7 * MEGABYTE,
    "a frame without an end": b"CONNECT\n" + b"x" * 15 * MEGABYTE,
    "frames": b"CONNECT\naccept-version:1.2\n\n\0" * 500_000,
}
NO_FRAMES = {
    "reserved opcode": b"\x83\x80\0\0\0\0",
    "reserved bits": b"\xf1\x80\0\0\0\0",
    "not masked": b"\x81\x01a",
    "close without a code": b"\x88\x81\0\0\0\0a",
    "long ping": b"\x89\xfe\x00\x7e\0\0\0\0" + b"a" * 126,
    "a continuation of nothing": b"\x80\x80\0\0\0\0",
    "a length of 63 bits": b"\x81\xff\x7f" + b"\xff" * 7 + b"\0\0\0\0",
}


async def is_cut_off(socket: RawWebSocket, code: int = 1009) -> None:
    end = await socket.end()
    assert end.code == code
    assert end.texts[0].startswith("ERROR\nmessage:too-large\n")
    assert len(end.texts) == 1


@pytest.mark.parametrize("kind", HUGE)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_huge_message(attacked: Victim, kind: str, opcode: int) -> None:
    async with RawWebSocket(attacked.ws_url) as socket:
        assert await socket.send(frame(opcode, HUGE[kind]))
        await is_cut_off(socket)


async def test_a_message_in_three_huge_fragments(attacked: Victim) -> None:
    async with RawWebSocket(attacked.ws_url) as socket:
        for piece in fragments(HUGE["lines"], 3):
            await socket.send(piece)
        await is_cut_off(socket)


async def test_as_many_lines_as_one_message_may_have(attacked: Victim) -> None:
    for _ in range(20):
        async with RawWebSocket(attacked.ws_url) as socket:
            await socket.send(frame(TEXT, b"a\n" * (OUR_MESSAGE_LIMIT // 2)))
            await is_cut_off(socket)


async def test_more_than_a_connect_needs(attacked: Victim) -> None:
    async with RawWebSocket(attacked.ws_url) as socket:
        await socket.send(frame(TEXT, LONG_HEADERS))
        await is_cut_off(socket)


@pytest.mark.parametrize("message", [b"\n", b"", b"a"])
async def test_messages_without_an_end(attacked: Victim, message: bytes) -> None:
    async with RawWebSocket(attacked.ws_url) as socket:
        await socket.send(frame(TEXT, message) * 200_000)
        await is_cut_off(socket)


async def test_octets_that_are_no_text(attacked: Victim) -> None:
    async with RawWebSocket(attacked.ws_url) as socket:
        await socket.send(frame(TEXT, b"\xff\xfe"))
        assert (await socket.end()).code in (1007, 0, None)


@pytest.mark.parametrize("kind", NO_FRAMES)
async def test_octets_that_are_no_frame(attacked: Victim, kind: str) -> None:
    async with RawWebSocket(attacked.ws_url) as socket:
        await socket.send(NO_FRAMES[kind])
        await socket.end()


@pytest.mark.parametrize("kind", NO_FRAMES)
async def test_octets_that_are_no_frame_before_the_answer_to_the_upgrade(attacked: Victim, kind: str) -> None:
    for _ in range(5):
        socket = RawWebSocket(attacked.ws_url)
        await socket.ask_for_upgrade()
        await socket.send(NO_FRAMES[kind])
        await socket.leave(after=0.3)  # uvicorn forgets what came in one segment with the request


async def test_a_head_too_long_for_an_upgrade(attacked: Victim) -> None:
    socket = RawWebSocket(attacked.ws_url, Cookie="a" * 20_000)
    await socket.ask_for_upgrade()
    await socket.leave(after=30)
