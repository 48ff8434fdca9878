"""A user that somebody at this instance wants to know about, and where it is connected."""

from datetime import datetime, timedelta
from typing import Final, Protocol

from domain.rules.presence import Presence, State, combined, offline_since

GRACE_SECONDS: Final = 20.0
"""A user is offline so long after its last connection ended, so that a reconnect is not seen (contract, section 14)."""


class Watcher(Protocol):
    """Wants to know about users."""

    def changed(self, user: str) -> None:
        """What is known of `user` has changed. Must not wait."""
        ...


class Tracked:
    """What is known of one user. `is_known` is False until other instances were asked.

    `places` are the instances where it is connected. `left_at` is monotonic, in seconds.
    """

    __slots__ = ("is_known", "last_seen_at", "last_state", "left_at", "places", "watchers")

    def __init__(self) -> None:
        self.places: dict[str, State] = {}
        self.watchers: tuple[Watcher, ...] = ()
        self.left_at: float | None = None
        self.last_seen_at: datetime | None = None
        self.last_state = State.ONLINE
        self.is_known = False

    def presence(self, now: float) -> Presence:
        """The presence at a time. `now` is monotonic, in seconds."""
        if self.places:
            return Presence(self.last_state)
        if now < self.grace_ends_at:
            return Presence(self.last_state)
        return offline_since(self.last_seen_at)

    @property
    def grace_ends_at(self) -> float:
        """When a user without connections is offline, by the monotonic clock."""
        return 0.0 if self.left_at is None else self.left_at + GRACE_SECONDS

    def put(self, place: str, state: State) -> bool:
        """The user is connected at `place`. True when its presence may have changed."""
        before = (self.last_state, self.left_at is None, bool(self.places))
        self.places[place] = state
        self.last_state = combined(self.places.values())
        self.left_at = None
        return before != (self.last_state, True, True)

    def leave(self, place: str, ago: float, now: float, wall: datetime) -> bool:
        """Its last connection at `place` ended `ago` seconds ago. True when it has no connection any more.

        `wall` is the time of `now` by the clock.
        """
        was_there = self.places.pop(place, None) is not None
        if self.places:
            self.last_state = combined(self.places.values())
            return False
        if was_there or self.left_at is None or now - ago > self.left_at:
            self.left_at = now - ago
            self.last_seen_at = wall - timedelta(seconds=ago)
        return True
