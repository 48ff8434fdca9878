"""Leaves FlairBit alone while it is away."""

import logging
import math
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, Protocol

from aiobreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerState
from cachetools import LRUCache

from application.concurrency.single_flight import SingleFlight
from application.ports.clock import Clock
from domain.errors import BadAnswer, DirectoryUnavailable, ProfileNotFound
from domain.identifiers import Email, Intent
from domain.profile import Profile

log = logging.getLogger(__name__)

MAX_WITNESSES = 3

State = Literal["closed", "open", "half-open"]


class PersistentLookup(Protocol):
    async def find(self, email: Email, intent: Intent, *, once: bool = False) -> Profile:
        """As `ProfileLookup` has it. With `once`, a failure is not followed by another try."""
        ...


class CircuitBreakingLookup:
    """Asks `lookup` until it failed `fail_max` times in a row, then nobody for `open_for` seconds, then once to see.

    A failure is that of a lookup with all its tries; the one that sees has a single try. `ProfileNotFound` and
    `BadAnswer` are no failures: they say nothing about other people, and whoever names an address chooses them.
    Neither are failures about some people only: before it opens, and to see whether to close, it asks about a witness,
    somebody who was found before.

    `lookup` has to end by itself: a time limit around this one would hide its slowness from the count.
    """

    def __init__(self, lookup: PersistentLookup, clock: Clock, *, fail_max: int = 5, open_for: float = 30.0) -> None:
        self._lookup = lookup
        self._breaker = _Breaker(clock, fail_max, timedelta(seconds=open_for))
        self._fail_max = fail_max
        self._probing = False
        self._witnesses: LRUCache[Email, Intent] = LRUCache(MAX_WITNESSES)
        self._hearings: SingleFlight[None, bool] = SingleFlight()

    @property
    def state(self) -> State:
        """`half-open` from when the next call may be the one that sees."""
        if self._breaker.current_state is CircuitBreakerState.CLOSED:
            return "closed"
        return "open" if self._breaker.remaining() else "half-open"

    async def find(self, email: Email, intent: Intent) -> Profile:
        """Raises `DirectoryUnavailable` at once, with the seconds until it is worth trying, while it is open."""
        state = self.state
        if state == "open" or (state == "half-open" and self._probing):
            raise self._unavailable()
        if state == "closed":
            return await self._guarded(email, intent, once=False)
        self._probing = True  # the library would let everybody through who comes before the first is back
        try:
            return await self._guarded(email, intent, once=True)
        finally:
            self._probing = False

    async def _guarded(self, email: Email, intent: Intent, *, once: bool) -> Profile:
        try:
            profile: Profile = await self._breaker.call_async(self._find, email, intent, once=once)
        except CircuitBreakerError as error:
            raise self._unavailable() from error
        self._witnesses[email] = intent
        return profile

    async def _find(self, email: Email, intent: Intent, *, once: bool) -> Profile:
        """Raises `BadAnswer` where FlairBit fails for this person and not for another one."""
        answers = await self._answers_about_others(email) if once else None
        if answers is False:
            raise DirectoryUnavailable("FlairBit does not answer")
        try:
            return await self._lookup.find(email, intent, once=once and answers is None)
        except (ProfileNotFound, BadAnswer):
            raise
        except DirectoryUnavailable as error:
            would_open = not once and self._breaker.fail_counter + 1 >= self._fail_max
            if answers or (would_open and await self._answers_about_others(email)):
                raise BadAnswer(error.detail) from error
            raise

    async def _answers_about_others(self, email: Email) -> bool | None:
        """Whether a witness other than `email` is answered for right now; None when there is none."""
        others = [(one, intent) for one, intent in self._witnesses.items() if one != email]
        return await self._hearings(None, partial(self._hear, *others[-1])) if others else None

    async def _hear(self, email: Email, intent: Intent) -> bool:
        try:
            await self._lookup.find(email, intent, once=True)
        except (ProfileNotFound, BadAnswer):
            return True
        except DirectoryUnavailable:
            return False
        return True

    def _unavailable(self) -> DirectoryUnavailable:
        seconds = math.ceil(self._breaker.remaining().total_seconds())
        return DirectoryUnavailable("profiles cannot be looked up right now", retry_after=max(1, seconds))


class _Breaker(CircuitBreaker):
    """Keeps time by our clock: the library's mixes local time with UTC, and warns from Python 3.12 on.

    Its storage is never told when the circuit opened, so that it never asks what time it is.
    """

    def __init__(self, clock: Clock, fail_max: int, open_for: timedelta) -> None:
        super().__init__(fail_max, open_for, exclude=[ProfileNotFound, BadAnswer])
        self._clock = clock
        self._last_failure = ""
        self._opened_at: datetime | None = None

    def remaining(self) -> timedelta:
        """How long the circuit stays open; zero when it is not."""
        if self.current_state is not CircuitBreakerState.OPEN or self._opened_at is None:
            return timedelta()
        age = self._clock.now() - self._opened_at
        # a clock that was set back would keep the circuit open
        return self.timeout_duration - age if timedelta() <= age < self.timeout_duration else timedelta()

    @property
    def opens_at(self) -> datetime | None:
        return self._opened_at and self._opened_at + self.timeout_duration

    def is_system_error(self, exception: Exception) -> bool:
        is_failure: bool = super().is_system_error(exception)
        if is_failure:
            self._last_failure = str(exception)
        return is_failure

    def open(self) -> None:
        if not self.remaining():  # the failure of a call from before it opened does not keep it open for longer
            self._opened_at = self._clock.now()
            seconds = self.timeout_duration.total_seconds()
            log.warning("FlairBit is left alone for %.0f s: %s", seconds, self._last_failure)
        self.state = self._state_storage.state = CircuitBreakerState.OPEN

    def close(self) -> None:
        log.info("FlairBit is back")
        self.state = self._state_storage.state = CircuitBreakerState.CLOSED
