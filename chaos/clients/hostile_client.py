"""A hostile client: attacks random instances, one attack after the other."""

import asyncio
from random import Random

import aio_pika.exceptions
import aiohttp

from chaos.clients.attacks import ATTACKS, Target
from chaos.events import Events
from chaos.testbed.testbed import Testbed

PAUSE = 0.5
"""Seconds between two attacks."""
ATTACK_TIMEOUT = 20.0
EMAIL = "mallory@example.org"

# raised when the service defends itself, or when the instance is killed
_REPELLED = (OSError, AssertionError, TimeoutError, EOFError, aiohttp.ClientError, aio_pika.exceptions.AMQPError)


class HostileClient:
    """Attacks, and notes each attack in `events`. Ignores attacks that fail."""

    def __init__(self, testbed: Testbed, http: aiohttp.ClientSession, events: Events, random: Random) -> None:
        self._testbed = testbed
        self._http = http
        self._events = events
        self._random = random

    async def attack(self, until: asyncio.Event) -> None:
        """Attacks until the event is set."""
        while not until.is_set():
            living = self._testbed.living()
            if living:
                await self._attack_once(self._random.choice(living))
            await asyncio.sleep(PAUSE)

    async def _attack_once(self, url: str) -> None:
        name = self._random.choice(list(ATTACKS))
        broker_url = self._random.choice(self._testbed.nodes).url
        target = Target(url, self._testbed.token(EMAIL), broker_url, self._http)
        self._events.note(f"attack: {name}")
        try:
            async with asyncio.timeout(ATTACK_TIMEOUT):
                await ATTACKS[name](target, self._random)
        except _REPELLED:
            return
