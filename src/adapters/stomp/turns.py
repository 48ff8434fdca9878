"""Bounds the time for which connections handle messages before the event loop does anything else."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from application.ports.clock import Monotonic

TURN_SECONDS: Final = 0.01
"""How long all connections of an instance handle messages in one turn of the event loop."""
GAP_SECONDS: Final = 0.001
"""When no message was handled for so long, the event loop has done something else: a new turn has begun."""


class Turns:
    """The turns of the event loop, shared by the connections of an instance.

    When more messages arrive than can be handled, all sockets have some to read. Without a bound, the event loop would
    read all of them before it goes on with a batch that is being stored. `clock` is monotonic, in seconds.
    """

    def __init__(self, clock: Monotonic = monotonic) -> None:
        self._clock = clock
        self._began_at = self._seen_at = clock()
        self._waiting: deque[Callable[[], None]] = deque()
        self._goes_on = False  # while those who wait have their turn

    def is_over(self) -> bool:
        """Whether a connection that wants to handle a message now has to wait for the next turn."""
        now = self._clock()
        if now - self._seen_at > GAP_SECONDS:
            self._began_at = now
        self._seen_at = now
        return now - self._began_at > TURN_SECONDS or bool(self._waiting and not self._goes_on)

    def wait(self, go_on: Callable[[], None]) -> None:
        """Calls `go_on` in the next turn, after those who wait already."""
        if not self._waiting and not self._goes_on:
            asyncio.get_running_loop().call_soon(self._begin)
        self._waiting.append(go_on)

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        self._began_at = self._seen_at = self._clock()
        self._goes_on = True
        try:
            while waiting and self._clock() - self._began_at <= TURN_SECONDS:
                waiting.popleft()()
        finally:  # a connection that fails must not keep the others waiting
            self._goes_on = False
            waiting.extend(self._waiting)
            self._waiting = waiting
            if waiting:
                asyncio.get_running_loop().call_soon(self._begin)
