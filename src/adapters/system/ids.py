"""New keys."""

from uuid import UUID

from uuid_utils.compat import uuid7


class Uuid7Generator:
    """UUIDv7 (RFC 9562, 5.7), made natively: the standard library has none before Python 3.14."""

    def new(self) -> UUID:
        return uuid7()
