"""The services that a connection uses, and its limits."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapters.stomp.connections import Connections
from adapters.stomp.hub import Hub
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.turns import Turns
from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.concurrency.batcher import Batcher
from application.concurrency.write_behind import WriteBehind
from application.delivery.replay import Replay
from application.diagnostics.counters import Counters
from application.ports.clock import Clock
from application.ports.messages import MessageRef
from application.ports.push import Delivery
from application.ports.send_queue import SendQueue
from application.ports.tokens import TokenVerifier
from application.presence.local_users import LocalUsers
from application.presence.watches import Watches
from application.use_cases.block_people import BlockPeople
from application.use_cases.change_conversation import ChangeConversation
from application.use_cases.change_message import ChangeMessage
from application.use_cases.change_settings import ChangeSettings
from application.use_cases.close_session import CloseSession
from application.use_cases.count_unread import CountUnread
from application.use_cases.mark_delivered import Acked
from application.use_cases.mark_seen import MarkSeen
from application.use_cases.send_message import SendMessage
from application.use_cases.sync_changes import SyncChanges
from application.use_cases.tell_typing import TellTyping
from application.use_cases.watch_presence import WatchPresence
from domain.features import Features
from domain.identifiers import Email


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits of a connection. Times are in seconds, `max_unsent` in octets, `max_in_flight` in undecided frames.

    A connection ends when a frame is undecided for `decide_within`. The right to read subscribed sessions is checked
    again every `recheck`.
    """

    session: SessionLimits
    connect_timeout: float
    slow_consumer: float
    max_unsent: int
    max_in_flight: int
    heartbeat: float
    recheck: float
    decide_within: float = 30.0
    disconnect_timeout: float = 5.0


class PresenceServices(Protocol):
    """Who is there, and who types. `users` counts who is connected here."""

    @property
    def users(self) -> LocalUsers:
        """The users of this instance."""
        ...

    @property
    def watches(self) -> Watches:
        """What connections watch."""
        ...

    @property
    def watch_presence(self) -> WatchPresence:
        """The use case."""
        ...

    @property
    def tell_typing(self) -> TellTyping:
        """The use case."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StompServices:
    """The services that all connections of an instance share.

    `delivered` writes marks that a crash may lose, `acks` durable ones. `on_written` gets each delivery that a socket
    has taken, for the metrics. `present` gives deliveries that have waited in their present form. `send_queue` holds
    checked chat messages while the store is away. Without it they are refused.
    """

    clock: Clock
    tokens: TokenVerifier
    subscribe_limit: RateLimit
    command_limit: RateLimit
    send_message: SendMessage
    mark_seen: MarkSeen
    change_message: ChangeMessage
    change_conversation: ChangeConversation
    change_settings: ChangeSettings
    count_unread: CountUnread
    close_session: CloseSession
    block_people: BlockPeople
    note_unread: Callable[[Email], None]
    sync_changes: SyncChanges
    presence: PresenceServices
    participants: Participants
    replay: Replay
    delivered: WriteBehind[MessageRef]
    acks: Batcher[Acked, None]
    hub: Hub
    connections: Connections
    counters: Counters
    limits: ConnectionLimits
    on_written: Callable[[Delivery], None]
    present: Callable[[Sequence[Delivery]], Awaitable[Sequence[Delivery]]]
    send_queue: SendQueue | None = None
    server: str = "chat-service"
    features: Features = field(default_factory=Features)
    turns: Turns = field(default_factory=Turns)
