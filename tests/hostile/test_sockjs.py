"""A stranger without a token, on SockJS: whose one message may hold any number of others."""

import pytest

from lab.raw_websocket import TEXT, RawWebSocket, fragments, frame
from tests.hostile.victim import Victim
from tests.support.network.raw_http import RawHttp, ask

MEGABYTE = 1024 * 1024
SOCKET = "/ws/000/hostile/websocket"
MAX_BODY = 524_288
TOO_LARGE = 'c[1009,"frame too large"]'


def array_of(item: bytes, octets: int) -> bytes:
    return b"[" + b",".join([item] * (octets // (len(item) + 1))) + b"]"


HUGE = {
    "beats": array_of(rb'"\n"', 15 * MEGABYTE),
    "empty messages": array_of(b'""', 15 * MEGABYTE),
    "numbers": array_of(b"1", 15 * MEGABYTE),
    "open brackets": b"[" * 15 * MEGABYTE,
    "one message": b'["' + b"a" * 15 * MEGABYTE + b'"]',
    "one number": b"[" + b"1" * 15 * MEGABYTE + b"]",
}
MANY = {
    "beats": array_of(rb'"\n"', MAX_BODY - 10),
    "empty messages": array_of(b'""', MAX_BODY - 10),
}


async def is_cut_off(socket: RawWebSocket) -> None:
    end = await socket.end()
    assert end.code == 1009
    assert end.texts[-1] == TOO_LARGE


@pytest.mark.parametrize("kind", HUGE)
async def test_a_huge_message(attacked: Victim, kind: str) -> None:
    async with RawWebSocket(attacked.url + SOCKET) as socket:
        assert await socket.send(frame(TEXT, HUGE[kind]))
        await is_cut_off(socket)


async def test_messages_in_three_huge_fragments(attacked: Victim) -> None:
    async with RawWebSocket(attacked.url + SOCKET) as socket:
        for piece in fragments(HUGE["empty messages"], 3):
            await socket.send(piece)
        await is_cut_off(socket)


@pytest.mark.parametrize("kind", MANY)
async def test_many_messages_in_one(attacked: Victim, kind: str) -> None:
    for _ in range(20):
        async with RawWebSocket(attacked.url + SOCKET) as socket:
            await socket.send(frame(TEXT, MANY[kind]))
            await is_cut_off(socket)


@pytest.mark.parametrize("kind", MANY)
async def test_many_messages_in_one_request(attacked: Victim, kind: str) -> None:
    url = f"{attacked.url}/ws/000/many"
    async with RawHttp(url) as http:
        assert (await http.ask("POST", "/xhr")).status == 200
        for _ in range(20):
            assert (await ask(url, "POST", "/xhr_send", MANY[kind].decode())).status == 413


@pytest.mark.parametrize("kind", ["numbers", "open brackets", "one number"])
async def test_a_request_that_is_not_messages(attacked: Victim, kind: str) -> None:
    url = f"{attacked.url}/ws/000/other"
    async with RawHttp(url) as http:
        assert (await http.ask("POST", "/xhr")).status == 200
        for _ in range(20):
            assert (await ask(url, "POST", "/xhr_send", HUGE[kind][: MAX_BODY - 2].decode())).status == 500


async def test_more_empty_messages_than_a_connect_needs(attacked: Victim) -> None:
    url = f"{attacked.url}/ws/000/empty"
    async with RawHttp(url) as http:
        assert (await http.ask("POST", "/xhr")).text == "o\n"
        assert (await ask(url, "POST", "/xhr_send", array_of(b'""', 2_000).decode())).status == 204
        assert "too-large" in (await http.ask("POST", "/xhr")).text
