"""Limits how often the keys are fetched because of an unknown `kid`."""

from datetime import datetime, timedelta

from application.ports.clock import Clock


class UnknownKids:
    """Throttles fetches, so that a stranger's made-up `kid`s do not overload the endpoint that publishes the keys.

    The same `kid` is looked up once in `remembered` seconds. Of different ones `burst` are looked up at once, and
    then one every `pause` seconds. This also bounds the number of remembered `kid`s.
    """

    def __init__(self, clock: Clock, *, remembered: float = 10.0, burst: int = 5, pause: float = 1.0) -> None:
        self._clock = clock
        self._remembered = timedelta(seconds=remembered)
        self._burst = burst
        self._pause = timedelta(seconds=pause)
        self._missed: dict[str | None, datetime] = {}
        """When a fetch did not find each `kid`."""

    def allow(self, kid: str | None) -> bool:
        """Whether the keys may be fetched for `kid` now."""
        now = self._clock.now()
        # forgets times in the future too: the clock was set back
        self._missed = {key: at for key, at in self._missed.items() if timedelta() <= now - at < self._remembered}
        if kid in self._missed:
            return False
        return len(self._missed) < self._burst or now - max(self._missed.values()) >= self._pause

    def add(self, kid: str | None) -> None:
        """Notes that a fetch has just not found `kid`."""
        self._missed[kid] = self._clock.now()
