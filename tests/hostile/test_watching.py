"""The watch itself: it sees what it is there to see, and nothing where nothing is."""

import asyncio
import signal

import pytest

from tests.hostile.bounds import Bounds
from tests.hostile.victim import Victim
from tests.support.clients.web_client import WebClient


async def connect_and_leave(victim: Victim) -> None:
    async with WebClient(victim.ws_url, victim.token) as ann:
        await ann.subscribe("/user/queue/messages")


async def test_an_ordinary_client_passes_no_bound(attacked: Victim) -> None:
    await connect_and_leave(attacked)


async def test_with_a_store_too(attacked_on_postgres: Victim) -> None:
    await connect_and_leave(attacked_on_postgres)


async def stand_still(victim: Victim) -> None:
    async with victim.watched(Bounds()):
        victim.service.signal(signal.SIGSTOP)
        await asyncio.sleep(0.4)
        victim.service.signal(signal.SIGCONT)


async def grow(victim: Victim) -> None:
    async with victim.watched(Bounds(growth=0)):
        await connect_and_leave(victim)


async def test_a_process_that_stands_still_is_seen(victim: Victim) -> None:
    with pytest.raises(AssertionError, match="others waited"):
        await stand_still(victim)


async def test_memory_that_grows_is_seen(victim: Victim) -> None:
    with pytest.raises(AssertionError, match="the memory grew"):
        await grow(victim)
