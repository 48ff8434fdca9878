"""New keys."""

from typing import Protocol
from uuid import UUID


class IdGenerator(Protocol):
    def new(self) -> UUID:
        """A new UUIDv7: time-ordered, so that rows made together lie together in the indexes."""
        ...
