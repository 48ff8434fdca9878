"""Limits the clients that are not authenticated yet, so that they never take the room of users."""

from collections.abc import Callable
from time import monotonic

HANDSHAKE = 0.25
"""Seconds that every client has for CONNECT, however many others connect meanwhile."""


class NoRoom(Exception):
    """The room is full, and all clients in it have just connected."""


class Place:
    """The place of a client from `address`, until `leave`. After `evict` its connection must end."""

    __slots__ = ("_evict", "_room", "address", "since")

    def __init__(self, room: "WaitingRoom", address: str) -> None:
        self._room = room
        self._evict: list[Callable[[], object]] = []
        self.address = address
        self.since = monotonic()

    def on_evict(self, callback: Callable[[], object]) -> None:
        """Calls `callback` when another client gets this place."""
        self._evict.append(callback)

    def leave(self) -> None:
        """Frees the place: the client is authenticated, or has gone. Idempotent."""
        self._room.remove(self)
        self._evict.clear()

    def evict(self) -> None:
        """Frees the place for another client, and calls the callbacks."""
        callbacks = self._evict[:]
        self.leave()
        for callback in callbacks:
            callback()


class WaitingRoom:
    """At most `max_unauthenticated` clients, and at most `max_unauthenticated_per_address` of them from one address.

    When it is full, a new client gets the place of the client that has waited longest: a real client sends CONNECT at
    once.
    """

    def __init__(self, *, max_unauthenticated: int, max_unauthenticated_per_address: int) -> None:
        self._max_unauthenticated = max_unauthenticated
        self._max_unauthenticated_per_address = max_unauthenticated_per_address
        self._waiting: dict[Place, None] = {}
        self._of_address: dict[str, dict[Place, None]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, address: str) -> Place:
        """A place for a client from `address`. May evict another client. Raises `NoRoom`."""
        same_address = self._of_address.get(address, {})
        if len(same_address) >= self._max_unauthenticated_per_address:
            _evict_oldest(same_address)
        elif len(self._waiting) >= self._max_unauthenticated:
            _evict_oldest(self._waiting)
        place = Place(self, address)
        self._waiting[place] = None
        self._of_address.setdefault(address, {})[place] = None
        return place

    def remove(self, place: Place) -> None:
        """Frees a place. Idempotent."""
        if place not in self._waiting:
            return
        del self._waiting[place]
        same_address = self._of_address[place.address]
        del same_address[place]
        if not same_address:
            del self._of_address[place.address]


def _evict_oldest(places: dict[Place, None]) -> None:
    oldest = next(iter(places))
    if monotonic() - oldest.since < HANDSHAKE:
        raise NoRoom
    oldest.evict()
