"""The attacks of hostile clients on one instance. Each is bounded in octets and time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

import aio_pika
import aiohttp

from adapters.rabbitmq.topology import DELIVERIES_EXCHANGE
from application.wire.deliveries import CONTENT_TYPE
from lab.raw_websocket import PING, TEXT, RawWebSocket, frame

HUGE = 15 * 1024 * 1024
"""Octets."""
PINGS = 20_000
SOCKETS = 50
HELD_OPEN = 2.0
"""Seconds."""
HTTP_TIMEOUT = aiohttp.ClientTimeout(total=10)

_EMPTY_STRINGS = b"[" + b",".join([b'""'] * (HUGE // 3)) + b"]"
_NACKS = b"NACK\nid:1-1\n\n\0" * 100_000
_LINES = b"a\n" * (HUGE // 2)


@dataclass(frozen=True)
class Target:
    """What is attacked: an instance and the broker. `token` is that of an ordinary user, as attackers may have one."""

    url: str
    token: str
    broker_url: str
    http: aiohttp.ClientSession


async def huge_message(target: Target, random: Random) -> None:
    """Sends a WebSocket message of 15 MiB."""
    async with RawWebSocket(f"{target.url}/ws") as socket:
        await socket.send(frame(TEXT, _LINES))
        await socket.end()


async def empty_strings(target: Target, random: Random) -> None:
    """Sends a SockJS message with millions of empty strings."""
    if random.random() < 0.5:
        async with RawWebSocket(f"{target.url}/ws/000/{random.getrandbits(64):x}/websocket") as socket:
            await socket.send(frame(TEXT, _EMPTY_STRINGS))
            await socket.end()
        return
    session = f"{target.url}/ws/000/{random.getrandbits(64):x}"
    await _post(target, f"{session}/xhr", b"")
    for _ in range(5):
        await _post(target, f"{session}/xhr_send", _EMPTY_STRINGS[:500_000] + b'""]')


async def many_frames(target: Target, random: Random) -> None:
    """Sends 100,000 STOMP frames in one message."""
    async with RawWebSocket(f"{target.url}/ws") as socket:
        await socket.send(
            frame(TEXT, f"CONNECT\naccept-version:1.2\nAuthorization:Bearer {target.token}\n\n\0".encode())
        )
        await socket.send(frame(TEXT, _NACKS))
        await socket.end()


async def unread_pings(target: Target, random: Random) -> None:
    """Sends pings, and does not read the pongs."""
    async with RawWebSocket(f"{target.url}/ws") as socket:
        ping = frame(PING, bytes(125)) * 100
        for _ in range(PINGS // 100):
            if not await asyncio.wait_for(socket.send(ping), HELD_OPEN):
                return


async def half_requests(target: Target, random: Random) -> None:
    """Sends the beginnings of many HTTP requests."""
    address = urlsplit(target.url)
    writers = [(await asyncio.open_connection(address.hostname, address.port))[1] for _ in range(SOCKETS)]
    for writer in writers:
        writer.write(
            b"POST /api/chat/message HTTP/1.1\r\nHost: chat\r\nContent-Length: 60000\r\n"[: random.randrange(20, 75)]
        )
    await asyncio.sleep(HELD_OPEN)
    for writer in writers:
        writer.transport.abort()


async def silent_connections(target: Target, random: Random) -> None:
    """Opens many sockets without a CONNECT."""
    sockets = [RawWebSocket(f"{target.url}/ws") for _ in range(SOCKETS)]
    opened = [await socket.__aenter__() for socket in sockets]
    await asyncio.sleep(HELD_OPEN)
    for socket in opened:
        await socket.__aexit__(None, None, None)


async def wrong_tokens(target: Target, random: Random) -> None:
    """Sends requests with invalid tokens."""
    for token in ("", "eyJhbGciOiJub25lIn0.e30.", target.token[:-8] + "AAAAAAAA", "x" * 20_000):
        await _post(target, f"{target.url}/api/chat/init", b"{}", {"Authorization": f"Bearer {token}"})


async def odd_bodies(target: Target, random: Random) -> None:
    """Sends requests with invalid bodies."""
    for body in (b"", b"{", b"[" * 100_000, b'{"sessionId":"\xff"}', bytes(200_000), b'{"upToSeq":1e999}'):
        await _post(target, f"{target.url}/api/chat/message", body, {"Authorization": f"Bearer {target.token}"})


async def forged_deliveries(target: Target, random: Random) -> None:
    """Publishes garbage and an unsigned message to the exchange of deliveries."""
    connection = await aio_pika.connect(target.broker_url, timeout=HELD_OPEN)
    async with connection, connection.channel() as channel:
        exchange = await channel.get_exchange(DELIVERIES_EXCHANGE)
        for body in (b"garbage", b"\x91\x92\xa4\x22hi\x22\x91\xb7/topic/session.00000000"):
            await exchange.publish(aio_pika.Message(body, content_type=CONTENT_TYPE, app_id="forged"), "")


Attack = Callable[[Target, Random], Awaitable[None]]

ATTACKS: Mapping[str, Attack] = {
    attack.__name__.replace("_", " "): attack
    for attack in (
        huge_message,
        empty_strings,
        many_frames,
        unread_pings,
        half_requests,
        silent_connections,
        wrong_tokens,
        odd_bodies,
        forged_deliveries,
    )
}


async def _post(target: Target, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    async with target.http.post(url, data=body, headers=headers, timeout=HTTP_TIMEOUT) as answer:
        await answer.read()
