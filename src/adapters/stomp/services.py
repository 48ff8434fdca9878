"""What a STOMP connection needs of the rest, and the limits it keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapters.stomp.connections import Connections
from adapters.stomp.hub import Hub
from adapters.stomp.protocol.limits import SessionLimits
from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.concurrency.batcher import Batcher
from application.concurrency.write_behind import WriteBehind
from application.delivery.replay import Replay
from application.diagnostics.counters import Counters
from application.ports.clock import Clock
from application.ports.push import Delivery
from application.ports.send_queue import SendQueue
from application.ports.tokens import TokenVerifier
from application.use_cases.mark_seen import MarkSeen
from application.use_cases.send_message import SendMessage
from domain.identifiers import MessageId


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Times in seconds; `max_unsent` in octets, `max_in_flight` in frames that wait for their outcome.

    A connection with a frame that is not decided `decide_within` so long is closed.
    `recheck` is how often it is asked whether a user still takes part in the sessions that it is subscribed to.
    """

    session: SessionLimits = field(default_factory=SessionLimits)
    connect_timeout: float = 10.0
    slow_consumer: float = 10.0
    max_unsent: int = 512 * 1024
    max_in_flight: int = 1_000
    heart_beat: float = 10.0
    decide_within: float = 30.0
    disconnect_timeout: float = 5.0
    recheck: float = 30.0


@dataclass(frozen=True, slots=True)
class StompServices:
    """`delivered` takes marks that may be lost, `acks` those that may not.

    `on_written` is told of every delivery that a socket took, for the metrics.

    `send_queue` holds checked chat messages while the store is away; without one they are refused then.
    """

    clock: Clock
    tokens: TokenVerifier
    subscribe_limit: RateLimit
    send_message: SendMessage
    mark_seen: MarkSeen
    participants: Participants
    replay: Replay
    delivered: WriteBehind[MessageId]
    acks: Batcher[Sequence[MessageId], None]
    hub: Hub
    connections: Connections
    counters: Counters
    limits: ConnectionLimits
    on_written: Callable[[Delivery], None]
    send_queue: SendQueue | None = None
    server: str = "chat-service"
