"""Cursors for pages of sessions. Clients treat them as opaque, and send one back to get the next page."""

import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from application.ports.sessions import SessionPosition
from application.wire.positions import base64url
from domain.errors import Invalid
from domain.identifiers import SessionId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = struct.Struct(">qq16s?")
_WITHOUT_PINS = struct.calcsize(">qq16s")  # the cursors of earlier versions


def encode_cursor(position: SessionPosition) -> str:
    """The cursor for the sessions after `position`: URL-safe Base64 of two times, the session id, and the pin."""
    times = ((time - _EPOCH) // _MICROSECOND for time in (position.as_of, position.active_at))
    return base64url.encode(_FORM.pack(*times, position.session_id.bytes, position.is_pinned))


def decode_cursor(cursor: str) -> SessionPosition:
    """The position in a cursor. Raises `Invalid` for a malformed one.

    Cursors are not signed: a forged one shows only the caller's own sessions, in another place.
    """
    try:
        octets = base64url.decode(cursor)
        if len(octets) == _WITHOUT_PINS:
            octets += b"\0"
        as_of, active_at, session_id, is_pinned = _FORM.unpack(octets)
        if octets[-1] > 1:
            raise ValueError
        return SessionPosition(_time(as_of), _time(active_at), SessionId(UUID(bytes=session_id)), is_pinned)
    except (ValueError, struct.error, OverflowError):
        raise Invalid("cursor must be a nextCursor of an earlier answer", field="cursor") from None


def _time(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
