"""The port through which parts of an instance get deliveries to destinations that are no client's."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from application.ports.push import Delivery


class Reader(Protocol):
    """Gets the deliveries to a destination."""

    def deliver(self, delivery: Delivery, head: str) -> None:
        """Takes a delivery. `head` is for clients."""
        ...

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Deliveries were dropped."""
        ...

    def missed(self) -> None:
        """Deliveries may be lost."""
        ...


class Mailbox(Protocol):
    """Knows who reads which destination on this instance."""

    def add(self, destination: str, subscriber: Reader) -> Awaitable[None] | None:
        """Adds a reader. It gets deliveries of this instance at once, of others when the result was awaited."""
        ...

    def remove(self, destination: str, subscriber: Reader) -> None:
        """Removes a reader. Idempotent."""
        ...
