"""The states of a connection and the frames that move it from one to the next."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class State(Enum):
    OPENED = auto()  # nothing but CONNECT is understood
    AUTHENTICATING = auto()  # CONNECT is being judged outside; the client has to wait for CONNECTED
    CONNECTED = auto()
    CLOSED = auto()  # after DISCONNECT or an ERROR; what still comes in is ignored


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
"""A frame that its state does not list is the client's error; `CLOSED` listens to nothing."""
