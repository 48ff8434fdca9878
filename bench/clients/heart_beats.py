"""Sends the heart-beats of many clients, spread over the interval."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from bench.clients.client import Client

PROMISED = "10000,10000"
"""The header `heart-beat` of CONNECT: milliseconds in both directions."""
INTERVAL = 8.0
"""Seconds between two heart-beats of a client."""
_TURNS = 400

Beating = TypeVar("Beating", bound=Client)


async def keep_beating(clients: Sequence[Beating], is_connected: Callable[[Beating], bool]) -> None:
    """Sends the heart-beats of all connected clients, for ever. `clients` may grow meanwhile."""
    while True:
        for turn in range(_TURNS):
            for client in clients[turn::_TURNS]:
                if is_connected(client):
                    client.send(b"\n")
            await asyncio.sleep(INTERVAL / _TURNS)
