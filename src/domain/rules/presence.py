"""Who is there, and who may be told of it (contract, section 14)."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The state of a person, or of one of its connections, which is never `OFFLINE`."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Presence(NamedTuple):
    """The state of a person. `last_seen_at` is when an offline one was last connected, to the minute, if known."""

    state: State
    last_seen_at: datetime | None = None


OFFLINE = Presence(State.OFFLINE)


def combined(states: Collection[State]) -> State:
    """The state of a person with connections in these states: away when all of them are away."""
    if not states:
        return State.OFFLINE
    return State.ONLINE if State.ONLINE in states else State.AWAY


def offline_since(seen_at: datetime | None) -> Presence:
    """The presence of a person that was last connected then, or at an unknown time."""
    return OFFLINE if seen_at is None else Presence(State.OFFLINE, seen_at.replace(second=0, microsecond=0))
