"""Clients that have not said who they are: how many there may be, so that they never use up the room of users."""

from collections.abc import Callable
from time import monotonic

HANDSHAKE = 0.25
"""Seconds in which a client can send CONNECT undisturbed, however many others come meanwhile."""


class NoRoom(Exception):
    """Too many wait already, and none of them for long."""


class Place:
    """One waiting client, until `leave`. After `evict` its connection must end."""

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
        """The client has said who it is, or has gone. A second call does nothing."""
        self._room.remove(self)
        self._evict.clear()

    def evict(self) -> None:
        callbacks = self._evict[:]
        self.leave()
        for callback in callbacks:
            callback()


class WaitingRoom:
    """At most `max_waiting` clients, and at most `max_per_address` of them from one address.

    When it is full, a new client gets the place of the one that has waited longest: a user sends CONNECT at once,
    and who only holds a place loses it.
    """

    def __init__(self, max_waiting: int = 5_000, max_per_address: int = 1_000) -> None:
        self._max_waiting = max_waiting
        self._max_per_address = max_per_address
        self._waiting: dict[Place, None] = {}
        self._of_address: dict[str, dict[Place, None]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, address: str) -> Place:
        """Raises `NoRoom`."""
        same_address = self._of_address.get(address, {})
        if len(same_address) >= self._max_per_address:
            _evict_oldest(same_address)
        elif len(self._waiting) >= self._max_waiting:
            _evict_oldest(self._waiting)
        place = Place(self, address)
        self._waiting[place] = None
        self._of_address.setdefault(address, {})[place] = None
        return place

    def remove(self, place: Place) -> None:
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
