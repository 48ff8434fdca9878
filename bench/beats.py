"""The heart-beats of many clients, spread over the interval as those of independent clients are."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from bench.client import Client

PROMISED = "10000,10000"
"""Milliseconds, both ways."""
INTERVAL = 8.0
"""Seconds between the beats of a client."""
_TURNS = 400

Beating = TypeVar("Beating", bound=Client)


async def keep_beating(clients: Sequence[Beating], is_connected: Callable[[Beating], bool]) -> None:
    """Never returns; `clients` may grow meanwhile."""
    while True:
        for turn in range(_TURNS):
            for client in clients[turn::_TURNS]:
                if is_connected(client):
                    client.say(b"\n")
            await asyncio.sleep(INTERVAL / _TURNS)
