"""Waits for servers on ports of this machine."""

import asyncio
from collections.abc import Awaitable, Callable

START_TIMEOUT = 60.0
POLL = 0.05


async def listening(port: int) -> None:
    """Returns when a server listens on `port`. Raises TimeoutError after `START_TIMEOUT` seconds."""

    async def accepts() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await eventually(accepts, START_TIMEOUT)


async def eventually(is_so: Callable[[], Awaitable[bool]], within: float) -> None:
    """Returns when `is_so` is true. Raises TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not await is_so():
            await asyncio.sleep(POLL)


def websocket_url(port: int) -> str:
    """The WebSocket address of the service on `port`."""
    return f"ws://127.0.0.1:{port}/ws"
