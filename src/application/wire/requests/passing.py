"""The bodies of what is sent over STOMP and never stored (contract, section 14)."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from application.commands import TypingCommand, WatchCommand
from application.wire.fields import ActorEmail, GivenOperationKey, GivenSessionKey, OwnState, TypingState
from application.wire.requests.ids import parse_id
from domain.errors import Invalid
from domain.identifiers import Email, SessionId, parse_email
from domain.rules.presence import State

MAX_WATCHED_SESSIONS: Final = 100


class _Passing(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    email: ActorEmail | None = None
    client_operation_id: GivenOperationKey | None = None

    def actor(self) -> Email | None:
        """Whom the body names. Raises `Invalid`."""
        if self.client_operation_id is not None:
            parse_id(self.client_operation_id, "clientOperationId")
        return None if self.email is None else parse_email(self.email)


class TypingInSession(_Passing, frozen=True, rename="camel", kw_only=True):
    """What the caller does in a session. At most one in 2 s is told, the others are dropped without a word."""

    session_id: GivenSessionKey
    state: TypingState

    def command(self) -> TypingCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return TypingCommand(
            session_id=SessionId(parse_id(self.session_id, "sessionId")), email=self.actor(), state=self.state
        )


class WatchSessions(_Passing, frozen=True, rename="camel", kw_only=True):
    """The sessions whose peers this connection watches from now on, instead of those before."""

    session_ids: Annotated[
        Sequence[GivenSessionKey],
        msgspec.Meta(
            description="the peers of these are watched", extra_json_schema={"maxItems": MAX_WATCHED_SESSIONS}
        ),
    ]

    def command(self) -> WatchCommand:
        """The command that this request asks for. Raises `Invalid`."""
        if len(self.session_ids) > MAX_WATCHED_SESSIONS:
            raise Invalid(f"sessionIds has at most {MAX_WATCHED_SESSIONS} ids", field="sessionIds")
        ids = tuple(SessionId(parse_id(given, "sessionIds")) for given in self.session_ids)
        return WatchCommand(session_ids=ids, email=self.actor())


class OwnPresence(_Passing, frozen=True, rename="camel", kw_only=True):
    """How this connection of the user is shown. Somebody is away when all connections are."""

    state: OwnState

    def own_state(self) -> State:
        """The state that this request asks for. Raises `Invalid`."""
        self.actor()
        return State(self.state)
