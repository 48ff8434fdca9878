"""Ports of this machine, and waiting until somebody listens on one."""

import asyncio
from collections.abc import Awaitable, Callable

START_TIMEOUT = 60.0
POLL = 0.05


async def listening(port: int) -> None:
    """Raises TimeoutError when nobody does within `START_TIMEOUT`."""

    async def accepts() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await eventually(accepts, START_TIMEOUT)


async def eventually(is_so: Callable[[], Awaitable[bool]], within: float) -> None:
    """Asks until it is so. Raises TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not await is_so():
            await asyncio.sleep(POLL)


def websocket_url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/ws"
