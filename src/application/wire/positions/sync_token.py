"""Tokens of `/user/queue/events` and `GET /api/chat/sync`: a position, signed, for one user (contract, section 12)."""

from collections.abc import Iterable
from hashlib import blake2b
from hmac import compare_digest
from typing import Final
from uuid import UUID

import msgspec

from application.wire.positions import base64url

MAX_LENGTH: Final = 2_048
_MAC_OCTETS: Final = 16
_OWNER_OCTETS: Final = 8
_PROFILE_OCTETS: Final = 6
_MAX_PROFILES: Final = 100


class UnreadableToken(Exception):
    """It is no token of this service."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Within changes that are being told: what comes after this session, or after this message."""

    until: int
    in_messages: bool
    session_id: UUID | None = None
    seq: int = 0


class SyncToken(msgspec.Struct, frozen=True, array_like=True):
    """Everything below `number` was told to `owner`, and what `place` says of what came after it.

    `profiles` stands for the profiles that the owner had until then, as `stand_for` makes it.
    """

    owner: bytes
    epoch: str
    number: int
    place: Place | None = None
    last: int | None = None
    profiles: bytes = b""


def stand_for(profiles: Iterable[UUID]) -> bytes:
    """Stands for profiles in a token. Of many only some are in it."""
    found = sorted(blake2b(profile.bytes, digest_size=_PROFILE_OCTETS).digest() for profile in profiles)
    return b"".join(found[:_MAX_PROFILES])


def merged(first: bytes, second: bytes) -> bytes:
    """Stands for the profiles of both."""
    return b"".join(sorted(_parts(first) | _parts(second))[:_MAX_PROFILES])


def has_lost(before: bytes, now: bytes) -> bool:
    """Whether a profile of `before` is not in `now`."""
    return len(now) < _MAX_PROFILES * _PROFILE_OCTETS and not _parts(before) <= _parts(now)


def _parts(profiles: bytes) -> set[bytes]:
    return {profiles[start : start + _PROFILE_OCTETS] for start in range(0, len(profiles), _PROFILE_OCTETS)}


class SyncTokens:
    """Signs tokens with the first key, and reads those of all keys."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = [blake2b(key, person=b"sync token").digest() for key in keys]

    def owner(self, name: str) -> bytes:
        """Stands for a user in a token."""
        return blake2b(name.encode(), digest_size=_OWNER_OCTETS).digest()

    def write(self, token: SyncToken) -> str:
        """The text of a token."""
        payload = msgspec.msgpack.encode(token)
        return base64url.encode(_mac(self._keys[0], payload) + payload)

    def read(self, text: str) -> SyncToken:
        """The token of a text. Raises `UnreadableToken`."""
        if len(text) > MAX_LENGTH:
            raise UnreadableToken
        try:
            octets = base64url.decode(text)
            mac, payload = octets[:_MAC_OCTETS], octets[_MAC_OCTETS:]
            if not any(compare_digest(_mac(key, payload), mac) for key in self._keys):
                raise UnreadableToken
            return msgspec.msgpack.decode(payload, type=SyncToken)
        except (ValueError, msgspec.DecodeError):
            raise UnreadableToken from None


def _mac(key: bytes, payload: bytes) -> bytes:
    return blake2b(payload, key=key, digest_size=_MAC_OCTETS).digest()
