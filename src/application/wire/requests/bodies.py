"""Parses the bodies that clients send over HTTP, STOMP and AMQP (contract, section 5). Ignores unknown fields."""

import json
import re
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from application.commands import MarkSeenCommand, SendMessageCommand
from application.wire.fields import (
    MAX_SEQ,
    Content,
    GivenClientKey,
    GivenSessionKey,
    IntentName,
    NoAttachments,
    OtherEmail,
    OwnEmail,
    ReplyTo,
    UpToSeq,
)
from application.wire.requests.ids import parse_id
from domain.errors import ChatError, Invalid, Malformed
from domain.identifiers import ClientMessageId, Email, SessionId, parse_email, parse_intent

Request = TypeVar("Request", bound=msgspec.Struct)

_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
MAX_ECHOED = 64
"""Characters of a `clientOperationId` that a refusal repeats; it is a UUID, and whatever is longer is none."""
_MISSING = re.compile(r"missing required field `([^`]*)`")


class InitRequest(msgspec.Struct, frozen=True, rename="camel"):
    """Whom to chat with, and about what."""

    from_email: OwnEmail
    to_email: OtherEmail
    intent: IntentName


class SendMessageRequest(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A message to send."""

    session_id: GivenSessionKey
    sender_email: OwnEmail
    intent: IntentName
    content: Content
    client_message_id: GivenClientKey
    reply_to: ReplyTo | None = None
    attachments: NoAttachments | None = None

    def command(self) -> SendMessageCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return SendMessageCommand(
            SessionId(parse_id(self.session_id, "sessionId")),
            parse_email(self.sender_email, "senderEmail"),
            parse_intent(self.intent),
            self.content,
            ClientMessageId(parse_id(self.client_message_id, "clientMessageId")),
            None if self.reply_to is None else check_seq(self.reply_to, "replyTo"),
        )


class SeenRequest(msgspec.Struct, frozen=True, rename="camel"):
    """What the reader has seen of a session."""

    reader_email: OwnEmail
    intent: IntentName
    up_to_seq: UpToSeq

    def command(self, session_id: SessionId) -> MarkSeenCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return MarkSeenCommand(
            session_id,
            parse_email(self.reader_email, "readerEmail"),
            parse_intent(self.intent),
            check_seq(self.up_to_seq, "upToSeq"),
        )


class SeenInSessionRequest(SeenRequest, frozen=True, rename="camel", kw_only=True):
    """The seen body with its session in it, as it is sent over STOMP."""

    session_id: GivenSessionKey

    def command_in_session(self) -> MarkSeenCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return self.command(SessionId(parse_id(self.session_id, "sessionId")))


def check_seq(seq: int, field: str) -> int:
    """Returns `seq` unchanged. Raises `Invalid` for `field` when it is no `seq` (0 to 2^63 - 1)."""
    if not 0 <= seq <= MAX_SEQ:
        raise Invalid(f"{field} must be a sequence number", field=field)
    return seq


def decode_request(decoder: "msgspec.json.Decoder[Request]", body: bytes | str) -> Request:
    """Parses a request. Raises `Malformed` when `body` is not JSON, `Invalid` with the field at fault."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise as_chat_error(error, body) from None


def as_chat_error(error: Exception, body: bytes | str) -> ChatError:
    """Turns an error of msgspec into one of the contract. It names the field, and never quotes the value."""
    if not isinstance(error, msgspec.ValidationError) or not _is_json(body):
        broken = next((name for name, value in _read_leniently(body).items() if not _is_unicode(value)), None)
        if broken is not None and broken.isidentifier():
            return Invalid(f"{broken} is not valid Unicode", field=broken)
        return Malformed("the body is not valid JSON")
    text = str(error)
    path, missing = _PATH.search(text), _MISSING.search(text)
    if missing is not None:
        return Invalid(f"{missing[1]} is missing", field=missing[1])
    if path is None or not path[1]:
        return Malformed("the body must be a JSON object")
    return Invalid(f"{path[1]} has a wrong type or form", field=path[1])


def _is_json(body: bytes | str) -> bool:
    """Whether all of `body` is JSON. msgspec stops at the first wrong value, so that its error alone cannot tell."""
    try:
        msgspec.json.decode(body)
    except msgspec.ValidationError:  # JSON, with a number that is too large
        return True
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


class _Id(msgspec.Struct, rename="camel", gc=False):
    client_message_id: str


_CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID = msgspec.json.Decoder(_Id)


def client_message_id_of(body: bytes | str) -> str | None:
    """The `clientMessageId` in a body that was refused. None when it cannot be read."""
    with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
        given = _ID.decode(body).client_message_id
        if _CANONICAL.fullmatch(given):
            return given
    return origin_of(body).client_message_id


def client_operation_id_of(body: bytes | str) -> str | None:
    """The `clientOperationId` in a command that was refused. None when it cannot be read, or is too long."""
    given = _read_leniently(body).get("clientOperationId")
    return _canonical(given) if isinstance(given, str) and len(given) <= MAX_ECHOED and _is_unicode(given) else None


class Origin(NamedTuple):
    """Who sent a refused body, and its `clientMessageId`. None for what cannot be read."""

    sender: Email | None
    client_message_id: str | None


def origin_of(body: bytes | str) -> Origin:
    """Reads who sent a refused body, also from JSON that is not valid as a request."""
    read = _read_leniently(body)
    sender, client_message_id = (
        value if isinstance(value, str) and _is_unicode(value) else None
        for value in (read.get("senderEmail"), read.get("clientMessageId"))
    )
    client_message_id = None if client_message_id is None else _canonical(client_message_id)
    try:
        return Origin(None if sender is None else parse_email(sender), client_message_id)
    except Invalid:
        return Origin(None, client_message_id)


_SENDER = re.compile(rb'"senderEmail"\s*:\s*"([^"\\]{3,254})"')


def sender_in_beginning(body: bytes) -> Email | None:
    """Who sent a body of which only the beginning was kept. None when that cannot be read there."""
    found = _SENDER.search(body)
    try:
        return None if found is None else parse_email(found[1].decode())
    except (Invalid, UnicodeError):
        return None


def _canonical(client_message_id: str) -> str:
    """The canonical spelling of a UUID. Returns anything else unchanged."""
    try:
        return str(msgspec.convert(client_message_id, UUID))
    except msgspec.ValidationError:
        return client_message_id


def _read_leniently(body: bytes | str) -> dict[str, Any]:
    """Parses a JSON object, and accepts lone surrogates in its texts. Empty for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _is_unicode(value: Any) -> bool:
    """False for text with a lone surrogate."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True
