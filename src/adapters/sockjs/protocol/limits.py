"""Limits of a session."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SockJsLimits:
    """Limits of a session and of its HTTP requests. Times are in seconds, sizes in characters."""

    heartbeat: float
    """A receiver gets a heart-beat when there was nothing to send for so long."""
    disconnect_delay: float
    """A session ends when it had no receiver for so long."""
    detach_timeout: float = 0.1
    """A new receiver waits so long for the one before to be detached: its request may arrive before the end of that."""
    slow_consumer: float
    """How long a client may take to read one frame or to write one body."""
    response: int
    """A streaming response ends after so much, so that browsers free its memory."""
    max_body: int
    """The size of a request. JSON escapes may make six characters of one."""
    max_messages: int
    """The number of messages in a request, with empty ones."""
    max_unread: int = 256 * 1024
    """The client's messages that wait for the handler. Beyond this no more is read from its requests."""
    max_unsent: int = 64 * 1024
    """The messages in one array frame. The rest waits with the sender."""
    max_sessions: int
    """The number of sessions of an instance."""
