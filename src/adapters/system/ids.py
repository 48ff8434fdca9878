"""Generates ids."""

from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7


class Uuid7Generator:
    """Makes UUIDv7 (RFC 9562, 5.7) in native code. The standard library has none before Python 3.14."""

    def new(self) -> UUID:
        """A new id, greater than earlier ones of this process."""
        # a subclass of uuid.UUID that is ten times as fast to make, hash and format: each message needs four
        native: UUID = pgproto.UUID(uuid7().bytes)
        return native
