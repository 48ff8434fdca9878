"""What the testbed asks of a load generator: one JSON document a line, each answered by one line."""

from typing import Literal

import msgspec


class Pair(msgspec.Struct):
    """One who writes and one who reads, in one session; with `on_topic` both also watch the session's topic.

    Who resumes begins after `last_seq`.
    """

    sender: str
    sender_token: str
    receiver_token: str
    session_id: str
    on_topic: bool = False
    last_seq: int = 0


class Route(msgspec.Struct):
    """Another session in which the sender of pair `sender` can write."""

    sender: int
    session_id: str
    intent: str


class Plan(msgspec.Struct):
    """The first line: who connects to where.

    With `routes`, messages go through these sessions instead of those of the pairs. An `echo` server gets the same
    frames and is its own receiver.
    """

    sender_url: str
    receiver_url: str
    intent: str
    pairs: list[Pair]
    kind: Literal["chat", "echo"] = "chat"
    routes: list[Route] = []


class IdlePlan(msgspec.Struct):
    """The first line to the generator of idle connections: `count` of them, which only beat."""

    url: str
    tokens: list[str]
    count: int


class Phase(msgspec.Struct, tag=True):
    """Messages of random senders: `rate` a second at random times, or with `window` so many on their way at a time.

    With `each_once` every session gets one message, in random order, at `rate`; `seconds` is then not looked at.
    """

    seconds: float
    run: int
    rate: float = 0
    window: int = 0
    each_once: bool = False


class CaughtUp(msgspec.Struct, tag=True):
    """Asks how long after `since`, a `perf_counter`, everything sent before it was delivered."""

    since: float


class ResumePlan(msgspec.Struct):
    """The first line to the generator of clients that come back: they watch their session's topic on both sides.

    Pair n sends at `urls[n]` and receives at the next one, in a circle. They connect from the local address `source`
    if given, and beat with `beats`.
    """

    urls: list[str]
    pairs: list[Pair]
    intent: str
    source: str | None = None
    beats: bool = False


class ResumePhase(msgspec.Struct, tag=True):
    """`rate` messages a second; after `cut_after` seconds, if given, all connections are cut at once and come back.

    With `samples` the answer has the latency of each message.
    """

    seconds: float
    run: int
    rate: float
    cut_after: float | None = None
    samples: bool = False
