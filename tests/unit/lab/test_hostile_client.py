"""A hostile client of a chaos run ends, whatever becomes of its attacks."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, cast

import pytest

from chaos.clients import hostile_client
from chaos.clients.hostile_client import HostileClient
from chaos.events import Events
from chaos.testbed.testbed import Testbed


class OneServer:
    """As much of a testbed as a hostile client asks for."""

    class Node:
        url = "amqp://127.0.0.1"

    nodes = (Node(),)

    def living(self) -> list[str]:
        return ["http://127.0.0.1"]

    def token(self, email: str) -> str:
        return ""


@pytest.fixture
def attack_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Awaitable[None]]], Awaitable[Events]]:
    for name in ("PAUSE", "ATTACK_TIMEOUT", "GIVE_UP"):
        monkeypatch.setattr(hostile_client, name, 0.01)

    async def run(attack: Callable[..., Awaitable[None]]) -> Events:
        monkeypatch.setattr(hostile_client, "ATTACKS", {"test": attack})
        events, over = Events(), asyncio.Event()
        client = HostileClient(cast("Testbed", OneServer()), cast("Any", None), events, Random(1))
        over_soon = asyncio.get_running_loop().call_later(0.05, over.set)
        await client.attack(over)
        over_soon.cancel()
        return events

    return run


async def test_an_attack_that_does_not_end_is_abandoned(attack_by: Any) -> None:
    free = asyncio.Event()

    async def stubborn(*_: object) -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    events = await attack_by(stubborn)
    free.set()
    assert events.counts["attacks that did not end"] == events.counts["attack: test"] > 0


async def test_an_attack_that_takes_too_long_is_cancelled(attack_by: Any) -> None:
    async def slow(*_: object) -> None:
        await asyncio.Event().wait()

    events = await attack_by(slow)
    assert list(events.counts) == ["attack: test"]


async def test_an_attack_that_is_repelled_is_no_failure_and_a_mistake_of_ours_is(attack_by: Any) -> None:
    async def repelled(*_: object) -> None:
        raise ConnectionResetError

    async def wrong(*_: object) -> None:
        raise KeyError("a test")

    await attack_by(repelled)
    with pytest.raises(KeyError):
        await attack_by(wrong)
