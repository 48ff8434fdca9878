"""The bodies that clients send over HTTP, STOMP and AMQP (contract, section 5). Unknown fields are ignored."""

import json
import re
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from application.commands import MarkSeenCommand, SendMessageCommand
from application.wire.fields import MAX_SEQ, ClientKey, Content, IntentName, OtherEmail, OwnEmail, SessionKey, UpToSeq
from domain.errors import ChatError, Invalid, Malformed
from domain.identifiers import ClientMessageId, Email, SessionId, parse_email, parse_intent

Request = TypeVar("Request", bound=msgspec.Struct)

_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]*)`")


class InitRequest(msgspec.Struct, frozen=True, rename="camel"):
    """Whom to chat with, and about what."""

    from_email: OwnEmail
    to_email: OtherEmail
    intent: IntentName


class SendMessageRequest(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A message to send."""

    session_id: SessionKey
    sender_email: OwnEmail
    intent: IntentName
    content: Content
    client_message_id: ClientKey

    def command(self) -> SendMessageCommand:
        """Raises `Invalid`."""
        return SendMessageCommand(
            SessionId(self.session_id),
            parse_email(self.sender_email, "senderEmail"),
            parse_intent(self.intent),
            self.content,
            ClientMessageId(self.client_message_id),
        )


class SeenRequest(msgspec.Struct, frozen=True, rename="camel"):
    """What the reader has seen of a session."""

    reader_email: OwnEmail
    intent: IntentName
    up_to_seq: UpToSeq

    def command(self, session_id: SessionId) -> MarkSeenCommand:
        """Raises `Invalid`."""
        return MarkSeenCommand(
            session_id,
            parse_email(self.reader_email, "readerEmail"),
            parse_intent(self.intent),
            check_seq(self.up_to_seq, "upToSeq"),
        )


class SeenInSessionRequest(SeenRequest, frozen=True, rename="camel", kw_only=True):
    """The seen body with its session in it, as it is sent over STOMP."""

    session_id: SessionKey


def check_seq(seq: int, field: str) -> int:
    """Raises `Invalid`."""
    if not 0 <= seq <= MAX_SEQ:
        raise Invalid(f"{field} must be a sequence number", field=field)
    return seq


def decode_request(decoder: "msgspec.json.Decoder[Request]", body: bytes | str) -> Request:
    """The request in `body`. Raises `Malformed` for what is not JSON, `Invalid` with the field at fault."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise as_chat_error(error, body) from None


def as_chat_error(error: Exception, body: bytes | str) -> ChatError:
    """What msgspec found wrong, in the contract's terms; says the field, never the value."""
    if not isinstance(error, msgspec.ValidationError) or not _is_json(body):
        halved = next((name for name, value in _read_leniently(body).items() if not _is_unicode(value)), None)
        if halved is not None and halved.isidentifier():
            return Invalid(f"{halved} is not valid Unicode", field=halved)
        return Malformed("the body is not valid JSON")
    text = str(error)
    path, missing = _PATH.search(text), _MISSING.search(text)
    if missing is not None:
        return Invalid(f"{missing[1]} is missing", field=missing[1])
    if path is None or not path[1]:
        return Malformed("the body must be a JSON object")
    return Invalid(f"{path[1]} has a wrong type or form", field=path[1])


def _is_json(body: bytes | str) -> bool:
    """To its end: the first wrong value is noticed before what follows it is read."""
    try:
        msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number beyond what there is room for
        return True
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


class _Id(msgspec.Struct, rename="camel", gc=False):
    client_message_id: str


_CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID = msgspec.json.Decoder(_Id)


def client_message_id_of(body: bytes | str) -> str | None:
    """By what its sender knows a refused body; None when that cannot be read."""
    with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
        given = _ID.decode(body).client_message_id
        if _CANONICAL.fullmatch(given):
            return given
    return origin_of(body).client_message_id


class Origin(NamedTuple):
    """Whose a refused body is, and by what its sender knows it; None for what cannot be read."""

    sender: Email | None
    client_message_id: str | None


def origin_of(body: bytes | str) -> Origin:
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


def _canonical(client_message_id: str) -> str:
    """A UUID as every message shows it, whatever its spelling; anything else as it was given."""
    try:
        return str(msgspec.convert(client_message_id, UUID))
    except msgspec.ValidationError:
        return client_message_id


def _read_leniently(body: bytes | str) -> dict[str, Any]:
    """The JSON object in `body`, also one with halves of surrogate pairs in its texts; empty for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _is_unicode(value: Any) -> bool:
    """False for what has half a surrogate pair in it."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True
