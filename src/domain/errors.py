"""Everything the service refuses, each with the stable `code` slug that clients program against (contract, section 5).

An error carries data only. The edges turn it into a problem document or a STOMP frame.
"""

from typing import ClassVar
from uuid import UUID


class ChatError(Exception):
    """Root of the errors that are answered to a client.

    `detail` is one sentence for a human, never with a secret, a token or message text in it;
    `field` names the offending field of the request; `retry_after` is in seconds.
    """

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str = "", *, field: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.retry_after = retry_after


class Malformed(ChatError):
    code = "malformed"
    title = "The request cannot be read"


class Invalid(ChatError):
    """A readable request with a value that is not allowed; `field` says which."""

    code = "invalid"
    title = "A value is not allowed"


class TooLarge(ChatError):
    code = "too-large"
    title = "The request is too large"


class TooSlow(ChatError):
    """The body of a request came too slowly, and was not waited for any longer."""

    code = "too-slow"
    title = "The request comes too slowly"


class Unauthenticated(ChatError):
    code = "unauthenticated"
    title = "A valid token is needed"


class TokenExpired(ChatError):
    """The token of a live connection has reached its `exp`."""

    code = "token-expired"
    title = "The token has expired"


class NotYourself(ChatError):
    code = "not-yourself"
    title = "A user can act only as itself"


class NotAParticipant(ChatError):
    code = "not-a-participant"
    title = "Only the two participants of a session may use it"


class ForbiddenDestination(ChatError):
    code = "forbidden-destination"
    title = "This destination is not open to clients"


class SessionNotFound(ChatError):
    code = "session-not-found"
    title = "There is no such session"


class ProfileNotFound(ChatError):
    code = "profile-not-found"
    title = "There is no such profile"


class IdempotencyConflict(ChatError):
    """The `clientMessageId` belongs to another message; nothing of that one is revealed."""

    code = "idempotency-conflict"
    title = "This clientMessageId was used for another message"


class TransactionAborted(ChatError):
    """Nothing is wrong with this message, but with another one of its transaction."""

    code = "transaction-aborted"
    title = "Another part of the transaction was refused"


class ResumeTooHigh(ChatError):
    """The client wants to resume after a seq that the session has not reached; `last_seq` is the real end."""

    code = "resume-too-high"
    title = "The session has no message with this seq"

    def __init__(self, session_id: UUID, last_seq: int) -> None:
        super().__init__(f"the session's last seq is {last_seq}", field="resume-after")
        self.session_id = session_id
        self.last_seq = last_seq


class AckTooLate(ChatError):
    """The message was delivered, but is no longer among those that may be ACKed: it comes again with a replay."""

    code = "ack-too-late"
    title = "Too many messages waited for their ACK: this one is no longer known"


class HeldTooLong(ChatError):
    """A send that waited in the queue and could not be stored in time; it is among the dead letters."""

    code = "held-too-long"
    title = "The message could not be stored in time"


class RateLimited(ChatError):
    code = "rate-limited"
    title = "Too many requests"


class Unavailable(ChatError):
    """Something the service depends on is away; the same request may succeed after `retry_after` seconds."""

    code = "unavailable"
    title = "The service cannot do this right now"

    def __init__(self, detail: str = "", *, field: str | None = None, retry_after: int = 1) -> None:
        super().__init__(detail, field=field, retry_after=retry_after)


class Overloaded(Unavailable):
    """More is being sent than can be stored in time. Each who is refused gets another `retry_after`."""

    title = "Too much is being sent right now"


class StoreUnavailable(Unavailable):
    """The store is away."""


class SessionBusy(StoreUnavailable):
    """Somebody else has locked the session: the same may be tried again in a moment."""


class DirectoryUnavailable(Unavailable):
    """It cannot be found out right now who somebody is: FlairBit is away."""


class BadAnswer(DirectoryUnavailable):
    """FlairBit answered about one person and intent, but with nothing usable. About others it may answer well."""
