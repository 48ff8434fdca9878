"""A circuit breaker around lookups: it stops asking FlairBit while FlairBit is away."""

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

MAX_CONTROLS = 3

State = Literal["closed", "open", "half-open"]


class RetryingLookup(Protocol):
    """A lookup that repeats failed requests."""

    async def find(self, email: Email, intent: Intent, *, once: bool = False) -> Profile:
        """See `ProfileLookup.find`. With `once` it makes a single request."""
        ...


class CircuitBreakingLookup:
    """Opens for `open_for` seconds after `fail_max` failed lookups in a row. Then one probe decides whether it closes.

    A lookup has failed when all its requests have failed. A probe is a single request. `ProfileNotFound` and
    `BadAnswer` do not count: they say nothing about other people, and a client could provoke them by the addresses
    that it names. For the same reason the circuit does not open for failures about some people only: before it opens,
    and to decide whether to close, it looks up a control, which is a person who was found before.

    `lookup` must have a time limit of its own. A limit around this class would hide slow lookups from it.
    """

    def __init__(self, lookup: RetryingLookup, clock: Clock, *, fail_max: int, open_for: float) -> None:
        self._lookup = lookup
        self._breaker = _Breaker(clock, fail_max, timedelta(seconds=open_for))
        self._fail_max = fail_max
        self._probing = False
        self._controls: LRUCache[Email, Intent] = LRUCache(MAX_CONTROLS)
        self._control_lookups: SingleFlight[None, bool] = SingleFlight()

    @property
    def state(self) -> State:
        """The state of the circuit. When it is `half-open`, the next call is the probe, or a probe is under way."""
        if self._breaker.current_state is CircuitBreakerState.CLOSED:
            return "closed"
        return "open" if self._breaker.remaining() else "half-open"

    async def find(self, email: Email, intent: Intent) -> Profile:
        """See `ProfileLookup.find`.

        Raises `DirectoryUnavailable` at once while the circuit is open, with the seconds until the next probe.
        """
        state = self.state
        if state == "open" or (state == "half-open" and self._probing):
            raise self._unavailable()
        if state == "closed":
            return await self._guarded(email, intent, once=False)
        self._probing = True  # the library would let calls pass during a probe
        try:
            return await self._guarded(email, intent, once=True)
        finally:
            self._probing = False

    async def _guarded(self, email: Email, intent: Intent, *, once: bool) -> Profile:
        try:
            profile: Profile = await self._breaker.call_async(self._find, email, intent, once=once)
        except CircuitBreakerError as error:
            raise self._unavailable() from error
        self._controls[email] = intent
        return profile

    async def _find(self, email: Email, intent: Intent, *, once: bool) -> Profile:
        """The profile. Raises `BadAnswer` when FlairBit fails for this person and answers for another."""
        answers = await self._answers_for_control(email) if once else None
        if answers is False:
            raise DirectoryUnavailable("FlairBit does not answer")
        try:
            return await self._lookup.find(email, intent, once=once and answers is None)
        except (ProfileNotFound, BadAnswer):
            raise
        except DirectoryUnavailable as error:
            would_open = not once and self._breaker.fail_counter + 1 >= self._fail_max
            if answers or (would_open and await self._answers_for_control(email)):
                raise BadAnswer(error.detail) from error
            raise

    async def _answers_for_control(self, email: Email) -> bool | None:
        """Whether FlairBit answers for a control other than `email`. None when there is no control."""
        controls = [(control, intent) for control, intent in self._controls.items() if control != email]
        return await self._control_lookups(None, partial(self._answers, *controls[-1])) if controls else None

    async def _answers(self, email: Email, intent: Intent) -> bool:
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
    """The library's breaker with our clock: the library's mixes local time with UTC, and warns from Python 3.12 on.

    The library's storage does not learn when the circuit opened, so it never reads the time.
    """

    def __init__(self, clock: Clock, fail_max: int, open_for: timedelta) -> None:
        super().__init__(fail_max, open_for, exclude=[ProfileNotFound, BadAnswer])
        self._clock = clock
        self._last_failure = ""
        self._opened_at: datetime | None = None

    def remaining(self) -> timedelta:
        """How long the circuit stays open. Zero when it is not open."""
        if self.current_state is not CircuitBreakerState.OPEN or self._opened_at is None:
            return timedelta()
        age = self._clock.now() - self._opened_at
        # a negative age means that the clock was set back: the circuit is not open then
        return self.timeout_duration - age if timedelta() <= age < self.timeout_duration else timedelta()

    @property
    def opens_at(self) -> datetime | None:
        """The time of the next probe, as the library calls it. None when the circuit has never opened."""
        return self._opened_at and self._opened_at + self.timeout_duration

    def is_system_error(self, exception: Exception) -> bool:
        """Whether `exception` counts as a failure."""
        is_failure: bool = super().is_system_error(exception)
        if is_failure:
            self._last_failure = str(exception)
        return is_failure

    def open(self) -> None:
        """Opens the circuit. A circuit that is open stays so for no longer."""
        if not self.remaining():
            self._opened_at = self._clock.now()
            seconds = self.timeout_duration.total_seconds()
            log.warning("FlairBit is not asked for %.0f s: %s", seconds, self._last_failure)
        self.state = self._state_storage.state = CircuitBreakerState.OPEN

    def close(self) -> None:
        """Closes the circuit."""
        log.info("FlairBit answers again")
        self.state = self._state_storage.state = CircuitBreakerState.CLOSED
