"""The way of a delivery to every instance."""

from collections.abc import Sequence
from typing import Protocol

from application.ports.push import Delivery, Push


class Broker(Protocol):
    async def start(self, push: Push) -> None:
        """Begins to hand to `push` what any instance publishes, this one included.

        Returns at once, also when the broker is away.
        """
        ...

    async def stop(self) -> None:
        """Idempotent; publishes in progress end first."""
        ...

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Returned means that the broker has confirmed all of them: every running instance gets them, in this order.

        Raises `Unavailable`; then some may have gone out.
        """
        ...

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        """Hands them to this instance's `push` alone, at once, while publishing fails.

        Their publish, later and by whichever instance, does not hand them to it again.
        """
        ...

    def may_have_listener(self, queue: str) -> bool:
        """False when surely no user subscribes to `queue`, on any instance: nothing needs to be published for it."""
        ...

    @property
    def is_up(self) -> bool:
        """Whether `publish` has a chance to succeed right now."""
        ...

    async def wait_ready(self) -> None:
        """Returns when publishing has a chance to succeed; at once for a broker that cannot be away."""
        ...
