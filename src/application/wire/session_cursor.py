"""Where a page of sessions ends, as the opaque word that a client gives back for the next one."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from application.ports.sessions import SessionPosition
from domain.errors import Invalid
from domain.identifiers import SessionId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = struct.Struct(">qq16s")


def encode_cursor(position: SessionPosition) -> str:
    times = ((time - _EPOCH) // _MICROSECOND for time in (position.as_of, position.active_at))
    return urlsafe_b64encode(_FORM.pack(*times, position.session_id.bytes)).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> SessionPosition:
    """Raises `Invalid` for what is not the form of a cursor; a made-up one shows nobody else's sessions."""
    try:
        as_of, active_at, session_id = _FORM.unpack(urlsafe_b64decode(f"{cursor}=="))
        return SessionPosition(_time(as_of), _time(active_at), SessionId(UUID(bytes=session_id)))
    except (ValueError, struct.error, OverflowError):
        raise Invalid("cursor must be a nextCursor of an earlier answer", field="cursor") from None


def _time(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
