"""The users that have a connection at this instance, and those that had one lately."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

from application.ports.clock import Monotonic
from domain.rules.presence import State, combined

MAX_LEFT: Final = 50_000
"""Users whose leaving is remembered."""


class LocalPresence:
    """A connection of a user, until it leaves."""

    __slots__ = ("_state", "_users", "user")

    def __init__(self, users: "LocalUsers", user: str) -> None:
        self._users = users
        self._state: State | None = State.ONLINE
        self.user = user
        users.count(user, None, self._state)

    def become(self, state: State) -> None:
        """Sets the state of this connection, unless it has left."""
        if self._state is not None:
            self._users.count(self.user, self._state, state)
            self._state = state

    def leave(self) -> None:
        """The connection has ended. Idempotent."""
        if self._state is not None:
            self._users.count(self.user, self._state, None)
            self._state = None


class LocalUsers:
    """Counts the connections of each user by state. `on_change` gets a user whose state here has changed."""

    def __init__(self, now: Monotonic = monotonic) -> None:
        self._now = now
        self._counts: dict[str, dict[State, int]] = {}
        self._left: OrderedDict[str, float] = OrderedDict()
        self.on_change: Callable[[str], None] = lambda user: None

    def __len__(self) -> int:
        return len(self._counts)

    def enter(self, user: str) -> LocalPresence:
        """A new connection of `user`, which is online."""
        return LocalPresence(self, user)

    def state_of(self, user: str) -> State | None:
        """The state of a user here. None without a connection."""
        counts = self._counts.get(user)
        return None if counts is None else combined(counts)

    def left_ago(self, user: str) -> float | None:
        """The seconds since the last connection of `user` ended here. None when there is one, or none is known."""
        left_at = self._left.get(user)
        return None if left_at is None else self._now() - left_at

    def left_within(self, seconds: float) -> list[str]:
        """The users whose last connection that is known of ended in the last `seconds`."""
        since = self._now() - seconds
        return [user for user, left_at in self._left.items() if left_at >= since]

    def left_elsewhere(self, user: str, ago: float) -> None:
        """Remembers that the last connection of `user` at another instance ended `ago` seconds ago.

        That instance may have stopped when somebody asks.
        """
        if user not in self._counts:
            self._remember(user, ago)

    def count(self, user: str, before: State | None, after: State | None) -> None:
        """Counts that a connection went from one state to another; None is that there was or is no connection."""
        was = self.state_of(user)
        counts = self._counts.setdefault(user, {})
        if after is not None:
            counts[after] = counts.get(after, 0) + 1
        if before is not None:
            counts[before] -= 1
            if not counts[before]:
                del counts[before]
        if not counts:
            del self._counts[user]
            self._remember(user)
        else:
            self._left.pop(user, None)
        if self.state_of(user) != was:
            self.on_change(user)

    def _remember(self, user: str, ago: float = 0.0) -> None:
        self._left[user] = self._now() - ago
        self._left.move_to_end(user)
        if len(self._left) > MAX_LEFT:
            self._left.popitem(last=False)
