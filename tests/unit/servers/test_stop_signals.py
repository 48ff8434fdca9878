"""What SIGTERM and SIGINT do to the service that they reach, once and again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from entrypoints.server.stop_signals import stop_signals

BOTH = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture
async def exits(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[int]]:
    """The codes with which the process would have ended at once."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    yield codes
    for number in BOTH:
        asyncio.get_running_loop().remove_signal_handler(number)


async def raised(number: signal.Signals) -> None:
    """Returns when the loop has handled it."""
    signal.raise_signal(number)
    await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", BOTH)
async def test_one_is_an_orderly_stop_and_so_is_its_echo(exits: list[int], number: signal.Signals) -> None:
    stopping = stop_signals()
    assert not stopping.is_set()
    for _ in range(2):  # make passes on what the whole group was sent
        await raised(number)
    assert stopping.is_set()
    assert exits == []


async def test_a_second_signal_ends_the_process_at_once(exits: list[int]) -> None:
    stopping = stop_signals(same=0)
    await raised(signal.SIGTERM)
    assert (stopping.is_set(), exits) == (True, [])
    await raised(signal.SIGINT)
    assert exits == [1]
