"""The errors that clients see, each with a stable `code` slug (contract, section 5).

An error carries data only. The edges turn it into a problem document or a STOMP frame.
"""

from typing import ClassVar
from uuid import UUID


class ChatError(Exception):
    """Root of the errors that clients see.

    `detail` is one sentence for a human, and never contains a secret, a token or message text. `field` names the
    field at fault. `retry_after` is in seconds.
    """

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str = "", *, field: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.retry_after = retry_after


class Malformed(ChatError):
    """The request cannot be parsed."""

    code = "malformed"
    title = "The request cannot be read"


class Invalid(ChatError):
    """The request can be parsed, but a value in it is not allowed. `field` names the value."""

    code = "invalid"
    title = "A value is not allowed"


class TooLarge(ChatError):
    """The request is larger than the limit."""

    code = "too-large"
    title = "The request is too large"


class TooSlow(ChatError):
    """The body of a request did not arrive in time."""

    code = "too-slow"
    title = "The request comes too slowly"


class Unauthenticated(ChatError):
    """The request has no token, or one that is not valid."""

    code = "unauthenticated"
    title = "A valid token is needed"


class TokenExpired(ChatError):
    """The token of a live connection has reached its `exp`."""

    code = "token-expired"
    title = "The token has expired"


class NotYourself(ChatError):
    """A user names another user as the one who acts."""

    code = "not-yourself"
    title = "A user can act only as itself"


class NotAParticipant(ChatError):
    """The caller does not take part in the session."""

    code = "not-a-participant"
    title = "Only the two participants of a session may use it"


class ForbiddenDestination(ChatError):
    """Clients may not send to or subscribe to this destination."""

    code = "forbidden-destination"
    title = "This destination is not open to clients"


class SessionNotFound(ChatError):
    """No session has this id."""

    code = "session-not-found"
    title = "There is no such session"


class ProfileNotFound(ChatError):
    """Nobody has a profile with this e-mail and intent."""

    code = "profile-not-found"
    title = "There is no such profile"


class FeatureOff(ChatError):
    """The feature that the request needs is switched off."""

    code = "feature-off"
    title = "This feature is not switched on"


class NotAllowed(ChatError):
    """The caller takes part in the session, but this is for somebody else to do."""

    code = "not-allowed"
    title = "The caller may not do this"


class SessionClosed(ChatError):
    """One of the two has closed the session: nothing new comes into it."""

    code = "session-closed"
    title = "The session is closed"


class YouBlocked(ChatError):
    """The caller has blocked the other one, and so writes nothing to it."""

    code = "you-blocked"
    title = "You have blocked the other one"


class MessageNotFound(ChatError):
    """The session has no message with this id, or the caller cannot see it."""

    code = "message-not-found"
    title = "There is no such message"


class MessageGone(ChatError):
    """The message is deleted."""

    code = "message-gone"
    title = "The message is deleted"


class EditWindowOver(ChatError):
    """The message is too old to be edited."""

    code = "edit-window-over"
    title = "The message can no longer be edited"


class DeleteWindowOver(ChatError):
    """The message is too old to be deleted for both."""

    code = "delete-window-over"
    title = "The message can no longer be deleted for both"


class VersionConflict(ChatError):
    """The message has another version than the caller has seen."""

    code = "version-conflict"
    title = "The message was changed meanwhile"


class SyncReset(ChatError):
    """The store cannot continue from this token. The client must start again without one."""

    code = "sync-reset"
    title = "The token cannot be resumed after"


class IdempotencyConflict(ChatError):
    """The `clientMessageId` belongs to another message, or the `clientOperationId` to another operation.

    The error reveals nothing about that one.
    """

    code = "idempotency-conflict"
    title = "This id was used for something else"


class TransactionAborted(ChatError):
    """Another message of the same transaction was refused. This one alone would have been accepted."""

    code = "transaction-aborted"
    title = "Another part of the transaction was refused"


class ResumeTooHigh(ChatError):
    """The client wants to resume after a `seq` beyond the session's last one, which is `last_seq`."""

    code = "resume-too-high"
    title = "The session has no message with this seq"

    def __init__(self, session_id: UUID, last_seq: int) -> None:
        super().__init__(f"the session's last seq is {last_seq}", field="resume-after")
        self.session_id = session_id
        self.last_seq = last_seq


class AckTooLate(ChatError):
    """The client ACKs a message that the service no longer tracks. A replay delivers the message again."""

    code = "ack-too-late"
    title = "Too many messages waited for their ACK: this one is no longer known"


class HeldTooLong(ChatError):
    """A held send was not stored in time. The queue of dead letters has it."""

    code = "held-too-long"
    title = "The message could not be stored in time"


class RateLimited(ChatError):
    """The caller sent too many requests. `retry_after` says when it may send the next one."""

    code = "rate-limited"
    title = "Too many requests"


class Unavailable(ChatError):
    """A dependency of the service is away. The same request may succeed after `retry_after` seconds."""

    code = "unavailable"
    title = "The service cannot do this right now"

    def __init__(self, detail: str = "", *, field: str | None = None, retry_after: int = 1) -> None:
        super().__init__(detail, field=field, retry_after=retry_after)


class Overloaded(Unavailable):
    """Clients send more than the service can store in time. `retry_after` differs from refusal to refusal."""

    title = "Too much is being sent right now"


class StoreUnavailable(Unavailable):
    """The store is away."""


class SessionBusy(StoreUnavailable):
    """Another transaction has locked the session, or a message of it. The caller may try again in a moment."""


class DirectoryUnavailable(Unavailable):
    """The service cannot look up a profile: FlairBit is away."""


class BadAnswer(DirectoryUnavailable):
    """FlairBit gave an unusable answer about one e-mail and intent. Its answers about others may be good."""
