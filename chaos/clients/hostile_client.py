"""A hostile client: attacks random instances, one attack after the other."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from random import Random

import aio_pika.exceptions
import aiohttp

from chaos.clients.attacks import ATTACKS, Target
from chaos.events import Events
from chaos.testbed.testbed import Testbed

PAUSE = 0.5
"""Seconds between two attacks."""
ATTACK_TIMEOUT = 20.0
GIVE_UP = 5.0
"""Seconds for an attack to end after it was cancelled. Closing a connection to a frozen server may take for ever."""
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
        self._abandoned: set[asyncio.Task[None]] = set()

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
        await self._run(asyncio.create_task(self._tried(ATTACKS[name](target, self._random))))

    async def _run(self, attack: asyncio.Task[None]) -> None:
        """Waits for an attack. Cancels it when it takes too long, and abandons one that does not end."""
        await asyncio.wait([attack], timeout=ATTACK_TIMEOUT)
        if not attack.done():
            attack.cancel()
            await asyncio.wait([attack], timeout=GIVE_UP)
        if not attack.done():
            self._events.note("attacks that did not end")
            self._abandoned.add(attack)
        elif not attack.cancelled():
            attack.result()

    @staticmethod
    async def _tried(attack: Awaitable[None]) -> None:
        with suppress(*_REPELLED):
            await attack
