"""The commands of the testbed to a load generator. Each is a line of JSON, and is answered by a line."""

from typing import Literal

import msgspec


class Pair(msgspec.Struct):
    """A sender and a receiver in one session. With `on_topic` both also subscribe to the session's topic.

    Resuming clients begin after `last_seq`.
    """

    sender: str
    sender_token: str
    receiver_token: str
    session_id: str
    on_topic: bool = False
    last_seq: int = 0


class Route(msgspec.Struct):
    """A further session for the sender of the pair with number `sender`."""

    sender: int
    session_id: str
    intent: str


class Plan(msgspec.Struct):
    """The first command: who connects, and to which address.

    With `routes`, messages go through these sessions instead of those of the pairs. With `echo`, the server sends every
    frame back to its sender.
    """

    sender_url: str
    receiver_url: str
    intent: str
    pairs: list[Pair]
    kind: Literal["chat", "echo"] = "chat"
    routes: list[Route] = []


class IdlePlan(msgspec.Struct):
    """The first command to the generator of idle connections: opens `count` of them."""

    url: str
    tokens: list[str]
    count: int


class Phase(msgspec.Struct, tag=True):
    """Sends messages of random senders for `seconds`.

    Sends `rate` messages a second at random times, or keeps `window` messages in flight. With `each_once`, sends one
    message in every session, in random order, and ignores `seconds`. `run` is the number of the phase.
    """

    seconds: float
    run: int
    rate: float = 0
    window: int = 0
    each_once: bool = False


class CaughtUp(msgspec.Struct, tag=True):
    """Asks how many seconds after `since` (of `perf_counter`) all messages sent before it were delivered."""

    since: float


class ResumePlan(msgspec.Struct):
    """The first command to the generator of resuming clients, which subscribe to the topics of their sessions.

    The sender of pair n connects to `urls[n]`, and its receiver to the next url, in a circle. They connect from the
    local address `source`, and send heart-beats if `beats`.
    """

    urls: list[str]
    pairs: list[Pair]
    intent: str
    source: str | None = None
    beats: bool = False


class ResumePhase(msgspec.Struct, tag=True):
    """Sends `rate` messages a second for `seconds`, and cuts all connections at once after `cut_after` seconds.

    With `samples` the answer has the latency of each message. `run` is the number of the phase.
    """

    seconds: float
    run: int
    rate: float
    cut_after: float | None = None
    samples: bool = False
