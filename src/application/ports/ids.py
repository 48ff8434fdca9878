"""The port for new ids."""

from typing import Protocol
from uuid import UUID


class IdGenerator(Protocol):
    """Makes ids of messages, sessions and outbox entries."""

    def new(self) -> UUID:
        """A new UUIDv7. They are ordered by time, so that new rows are neighbours in the indexes."""
        ...
