"""The other instances that are there."""

from typing import Final

BEACON_SECONDS: Final = 10.0
"""Each instance says so often that it is there."""
DEAD_SECONDS: Final = 35.0
"""An instance that says nothing for so long is dead. Its users are offline then, within 60 s of its death."""


class Members:
    """Other instances, by when each was last heard. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._heard_at: dict[str, float] = {}
        self._watching: set[str] = set()

    def heard(self, name: str, now: float) -> bool:
        """Notes that an instance said something. True when it was not known."""
        is_new = name not in self._heard_at
        self._heard_at[name] = now
        return is_new

    def watches(self, name: str, *, watches: bool) -> None:
        """Notes whether an instance wants to know who comes and goes."""
        if watches:
            self._watching.add(name)
        else:
            self._watching.discard(name)

    def remove(self, name: str) -> None:
        """Forgets an instance. Idempotent."""
        self._heard_at.pop(name, None)
        self._watching.discard(name)

    @property
    def names(self) -> frozenset[str]:
        """All that are known."""
        return frozenset(self._heard_at)

    @property
    def is_watched(self) -> bool:
        """Whether any of them wants to know who comes and goes."""
        return bool(self._watching)

    def dead(self, now: float) -> list[tuple[str, float]]:
        """The dead ones, and when each was last heard."""
        return [(name, at) for name, at in self._heard_at.items() if now - at > DEAD_SECONDS]

    def excuse(self, now: float) -> None:
        """Nobody can be heard now, so that silence means nothing."""
        for name in self._heard_at:
            self._heard_at[name] = now
