"""Cursors for pages of blocks. Clients treat them as opaque, and send one back to get the next page."""

from uuid import UUID

from application.wire.positions import base64url
from domain.errors import Invalid
from domain.identifiers import ProfileId


def encode_cursor(profile_id: ProfileId) -> str:
    """The cursor for the blocks after that of `profile_id`."""
    return base64url.encode(profile_id.bytes)


def decode_cursor(cursor: str) -> ProfileId:
    """The profile in a cursor. Raises `Invalid` for a malformed one."""
    try:
        return ProfileId(UUID(bytes=base64url.decode(cursor)))
    except ValueError:
        raise Invalid("cursor must be a nextCursor of an earlier answer", field="cursor") from None
