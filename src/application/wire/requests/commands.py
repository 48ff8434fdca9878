"""The bodies of edits, deletions and reactions, over HTTP and STOMP (contract, sections 11 and 13)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from application.commands import DeleteCommand, EditCommand, ReactCommand
from application.wire.fields import (
    MAX_SEQ,
    ActorEmail,
    Content,
    Emoji,
    GivenMessageKey,
    GivenOperationKey,
    GivenSessionKey,
    Version,
)
from application.wire.requests.ids import parse_id
from domain.errors import Invalid
from domain.identifiers import Email, MessageId, SessionId, parse_email

DeletedFor = Annotated[
    Literal["everyone", "me"], msgspec.Meta(description="for both, which only the sender may, or for the caller alone")
]


class CommandRequest(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What all commands have: who acts, and the caller's own id of the command."""

    email: ActorEmail | None = None
    client_operation_id: GivenOperationKey | None = None

    def actor(self) -> Email | None:
        """Whom the body names. Raises `Invalid`."""
        return None if self.email is None else parse_email(self.email)

    def operation(self) -> UUID | None:
        """The operation that the body names. Raises `Invalid`."""
        given = self.client_operation_id
        return None if given is None else parse_id(given, "clientOperationId")


class EditRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """Another text for a message; `version` is the one that it is to replace."""

    content: Content
    version: Version | None = None

    def of(self, session_id: str, message_id: str) -> EditCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return EditCommand(
            session_id=SessionId(parse_id(session_id, "sessionId")),
            message_id=MessageId(parse_id(message_id, "messageId")),
            email=self.actor(),
            operation_id=self.operation(),
            content=self.content,
            version=_version(self.version),
        )


def _version(version: int | None) -> int | None:
    if version is not None and not 1 <= version <= MAX_SEQ:
        raise Invalid("version counts from 1", field="version")
    return version


class ReactionRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """The caller's reaction to a message."""

    emoji: Emoji

    def of(self, session_id: str, message_id: str) -> ReactCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return _reaction(self, session_id, message_id, self.emoji)


class EditInSession(EditRequest, frozen=True, rename="camel", kw_only=True):
    """An edit with the ids of its message, as it is sent over STOMP."""

    session_id: GivenSessionKey
    message_id: GivenMessageKey

    def command(self) -> EditCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return self.of(self.session_id, self.message_id)


class DeleteInSession(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """A deletion, as it is sent over STOMP."""

    session_id: GivenSessionKey
    message_id: GivenMessageKey
    for_: DeletedFor = msgspec.field(name="for")

    def command(self) -> DeleteCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return DeleteCommand(
            session_id=SessionId(parse_id(self.session_id, "sessionId")),
            message_id=MessageId(parse_id(self.message_id, "messageId")),
            email=self.actor(),
            operation_id=self.operation(),
            for_everyone=self.for_ == "everyone",
        )


class ReactInSession(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """A reaction, or with null its end, as it is sent over STOMP."""

    session_id: GivenSessionKey
    message_id: GivenMessageKey
    emoji: Emoji | None

    def command(self) -> ReactCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return _reaction(self, self.session_id, self.message_id, self.emoji)


def _reaction(asked: CommandRequest, session_id: str, message_id: str, emoji: str | None) -> ReactCommand:
    return ReactCommand(
        session_id=SessionId(parse_id(session_id, "sessionId")),
        message_id=MessageId(parse_id(message_id, "messageId")),
        email=asked.actor(),
        operation_id=asked.operation(),
        emoji=emoji,
    )
