"""How long somebody who has blocked another one seems to be there still (contract, section 16)."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from domain.identifiers import ProfileId

LEAST: Final = timedelta(seconds=20)
MOST: Final = timedelta(seconds=120)
_PARTS: Final = 2**32


class BlockDelay:
    """A delay that nobody can guess without the key, and that all instances with the key agree on."""

    def __init__(self, key: bytes) -> None:
        self._key = blake2b(key, person=b"block delay").digest()

    def __call__(self, viewer: ProfileId, subject: ProfileId, blocked_at: datetime) -> timedelta:
        """From 20 to 120 s after the block of `viewer` by `subject`."""
        block = viewer.bytes + subject.bytes + blocked_at.isoformat().encode()
        part = int.from_bytes(blake2b(block, key=self._key, digest_size=4).digest())
        return LEAST + (MOST - LEAST) * (part / _PARTS)
