"""Requests whose body drips, on both servers: cut by their rate, while a slow line still gets through."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.support.clients.web_client import Rest
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture(params=["granian", "uvicorn"])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    settings = {"CHAT_DATABASE_URL": "memory:", "CHAT_SERVER": request.param, "CHAT_REQUEST_TIMEOUT": "1s"}
    service = ServiceProcess(tmp_path, settings)
    yield await service.start()
    await service.stop()
    assert "Traceback" not in service.log()


async def post_slowly(service: ServiceProcess, body: bytes, piece: int, pause: float) -> bytes:
    """What is answered to a body that comes in pieces."""
    address = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST /api/chat/init HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {service.token(ANN)}\r\n"
    writer.write(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode())

    async def drip() -> None:
        for start in range(0, len(body), piece):
            writer.write(body[start : start + piece])
            await asyncio.sleep(pause)

    dripping = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        dripping.cancel()
        writer.transport.abort()


def init_body(size: int) -> bytes:
    return msgspec.json.encode({"fromEmail": ANN, "toEmail": BOB, "intent": "friends", "more": "x" * size})


async def test_a_body_that_drips_is_refused(service: ServiceProcess) -> None:
    answer = await post_slowly(service, init_body(60_000), piece=1, pause=0.1)
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert b'"code":"too-slow"' in answer
    async with Rest(service.url, service.token(ANN)) as rest:
        await rest.init(ANN, BOB)


async def test_a_slow_line_gets_through(service: ServiceProcess) -> None:
    answer = await post_slowly(service, init_body(16_000), piece=1_000, pause=0.2)
    assert b" 200 " in answer.partition(b"\r\n")[0]
