"""One hostile client among the others: attacks whichever instance runs, one attack after the other."""

import asyncio
from random import Random

import aio_pika.exceptions
import aiohttp

from chaos.attacks import ATTACKS, Target
from chaos.events import Events
from chaos.stage import Stage

PAUSE = 0.5  # seconds between attacks
ATTACK_TIMEOUT = 20.0
EMAIL = "mallory@example.org"

# what an attacker meets when the service defends itself, or when the instance is killed meanwhile
_REPELLED = (OSError, AssertionError, TimeoutError, EOFError, aiohttp.ClientError, aio_pika.exceptions.AMQPError)


class MeanClient:
    """Notes each attack in `events` by its name. Its failures are none of the service's."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession, events: Events, random: Random) -> None:
        self._stage = stage
        self._http = http
        self._events = events
        self._random = random

    async def attack(self, until: asyncio.Event) -> None:
        while not until.is_set():
            living = self._stage.living()
            if living:
                await self._attack_once(self._random.choice(living))
            await asyncio.sleep(PAUSE)

    async def _attack_once(self, url: str) -> None:
        name = self._random.choice(list(ATTACKS))
        broker_url = self._random.choice(self._stage.nodes).url
        target = Target(url, self._stage.token(EMAIL), broker_url, self._http)
        self._events.note(f"attack: {name}")
        try:
            async with asyncio.timeout(ATTACK_TIMEOUT):
                await ATTACKS[name](target, self._random)
        except _REPELLED:
            return
