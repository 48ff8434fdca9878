"""The states of a connection, and the frames that change them."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class State(Enum):
    """The states of a connection."""

    OPENED = auto()
    """Only CONNECT is allowed."""
    AUTHENTICATING = auto()
    """The driver checks CONNECT. The client must wait for CONNECTED."""
    CONNECTED = auto()
    """All other frames are allowed."""
    CLOSED = auto()
    """After DISCONNECT or ERROR. All data is ignored."""


TRANSITIONS: Final[Mapping[State, Mapping[str, State]]] = {
    State.OPENED: {"CONNECT": State.AUTHENTICATING, "STOMP": State.AUTHENTICATING},
    State.AUTHENTICATING: {},
    State.CONNECTED: {
        "SEND": State.CONNECTED,
        "SUBSCRIBE": State.CONNECTED,
        "UNSUBSCRIBE": State.CONNECTED,
        "ACK": State.CONNECTED,
        "NACK": State.CONNECTED,
        "BEGIN": State.CONNECTED,
        "COMMIT": State.CONNECTED,
        "ABORT": State.CONNECTED,
        "DISCONNECT": State.CLOSED,
    },
}
"""The next state by state and command. A command that is not listed is the client's error."""
