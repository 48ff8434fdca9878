"""How much one session may hold, and how long."""

from dataclasses import dataclass

from adapters.sockjs.protocol.framing import MAX_MESSAGES


@dataclass(frozen=True, slots=True)
class SockJsLimits:
    """Times in seconds, sizes in characters. `response` ends a streaming request, so that browsers free its memory."""

    heartbeat: float = 25.0
    disconnect_delay: float = 5.0
    notice: float = 0.1
    """Within this a receiver that broke off is known to have: its successor may be here before that is."""
    slow_client: float = 10.0
    """How long a client may take to read one frame or to write one body."""
    response: int = 128 * 1024
    max_body: int = 512 * 1024
    """What one request of the client may carry; escaping makes up to six characters of one."""
    max_messages: int = MAX_MESSAGES
    """How many messages one request may carry, empty ones too."""
    max_unread: int = 256 * 1024
    """What the client sent and nobody has read; more is not read from its sockets."""
    max_unsent: int = 64 * 1024
    """What is put into one array of messages; the rest waits with whoever sends it."""
    max_sessions: int = 50_000
