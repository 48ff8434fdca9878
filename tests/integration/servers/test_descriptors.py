"""More connections than file descriptors: no core is burnt, nobody is locked out for longer than they last."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from lab.processes import cpu_seconds
from tests.support.eventually import eventually_some
from tests.support.service.service_process import COMMAND, ServiceProcess

FILES = 200
MEASURED = 2.0  # seconds


@contextmanager
def connections(port: int, count: int) -> Iterator[None]:
    opened = []
    for _ in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        opened.append(one)
    yield
    for one in opened:
        one.close()


@pytest.mark.parametrize("server", ["granian", "uvicorn"])
async def test_more_connections_than_files_burn_no_core(tmp_path: Path, server: str) -> None:
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -n {FILES}\nexec {COMMAND} "$@"\n')
    limited.chmod(0o755)
    settings = {"CHAT_DATABASE_URL": "memory:", "CHAT_SERVER": server, "CHAT_MAX_CONNECTIONS": "1000"}
    async with ServiceProcess(tmp_path, settings, executable=limited) as service:
        with connections(service.port, 2 * FILES):
            before = cpu_seconds(service.pid)
            await asyncio.sleep(MEASURED)
            assert cpu_seconds(service.pid) - before < MEASURED / 2

        async def is_ready() -> bool:
            async with aiohttp.ClientSession() as http:
                try:
                    async with http.get(f"{service.url}/actuator/health/readiness") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

        await eventually_some(is_ready)
        assert await service.stop() == 0
        assert service.log().count("CHAT_MAX_CONNECTIONS: at most ") == 1
        if server == "uvicorn":  # Granian leaves the others in the backlog before it comes to that
            assert service.log().count("file descriptors: none is left for this process") == 1
