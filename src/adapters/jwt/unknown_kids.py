"""Which keys were looked for and not found."""

from datetime import datetime, timedelta

from application.ports.clock import Clock


class VainSearches:
    """Neither a `kid` that does not exist nor a stranger's ever new ones make us hammer at who publishes the keys.

    The same one is not looked for again for `remembered` seconds; of others `burst` are at once, and then one in
    `pause` seconds. So there are never many to remember.
    """

    def __init__(self, clock: Clock, *, remembered: float = 10.0, burst: int = 5, pause: float = 1.0) -> None:
        self._clock = clock
        self._remembered = timedelta(seconds=remembered)
        self._burst = burst
        self._pause = timedelta(seconds=pause)
        self._ended: dict[str | None, datetime] = {}

    def allow(self, kid: str | None) -> bool:
        """Whether it may be looked for now."""
        now = self._clock.now()
        # one that ended in a time to come is forgotten too: a clock was set back
        self._ended = {one: at for one, at in self._ended.items() if timedelta() <= now - at < self._remembered}
        if kid in self._ended:
            return False
        return len(self._ended) < self._burst or now - max(self._ended.values()) >= self._pause

    def add(self, kid: str | None) -> None:
        """It was not found, just now."""
        self._ended[kid] = self._clock.now()
