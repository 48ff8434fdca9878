"""What instances tell each other about who is connected where (contract, section 14). Users are named by address.

Signals are passing: each may get lost. What they tell is asked again from time to time.
"""

from typing import Final

import msgspec

from domain.rules.presence import State

MAX_USERS: Final = 1_000
"""Users that one signal names."""


class Signal(msgspec.Struct, frozen=True, array_like=True):
    """A signal of the instance `sender`."""

    sender: str


class Beacon(Signal, frozen=True, array_like=True, tag="beacon"):
    """The sender is there.

    With `watches` it wants to know whoever comes and goes. With `asks` it wants a beacon of everybody.
    """

    watches: bool
    asks: bool = False


class Stopping(Signal, frozen=True, array_like=True, tag="stopping"):
    """The sender has no connections any more, and stops."""


class Changed(Signal, frozen=True, array_like=True, tag="changed"):
    """The states of users that have connections at the sender, and the users that have none any more."""

    here: list[tuple[str, State]]
    left: list[str]


class Ask(Signal, frozen=True, array_like=True, tag="ask"):
    """Which of these users have connections at the receiver, or had one? It answers with the same number."""

    number: int
    users: list[str]


class Answer(Signal, frozen=True, array_like=True, tag="answer"):
    """Those of the users in the question that have connections at the sender, and how long ago others left it."""

    number: int
    here: list[tuple[str, State]]
    left: list[tuple[str, float]]


AnySignal = Beacon | Stopping | Changed | Ask | Answer

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[AnySignal]] = msgspec.json.Decoder(AnySignal)


def write_signal(signal: AnySignal) -> str:
    """The body of a signal."""
    return _ENCODER.encode(signal).decode()


def read_signal(body: str) -> AnySignal | None:
    """The signal in a body. None for one of another version."""
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        return None
