"""The port through which a delivery reaches every instance."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from application.ports.push import Delivery, Push


class Listening(Protocol):
    """Tells the broker which destinations have subscribers on this instance."""

    def listen(self, destination: str) -> Awaitable[None] | None:
        """One more subscriber of `destination`. None when this instance gets its deliveries already.

        Otherwise await the result. When it returns, this instance gets every delivery that any instance publishes from
        now on. It also returns, after a few seconds, when the broker is away; then `Push.missed` follows later, as
        deliveries may be missing until then.
        """
        ...

    def unlisten(self, destination: str) -> None:
        """One subscriber of `destination` less. Call it once for each `listen`."""
        ...


class Broker(Listening, Protocol):
    """Publishes deliveries to the instances that listen to their destinations."""

    async def start(self, push: Push) -> None:
        """Starts to hand `push` the deliveries that any instance publishes, this one included.

        Returns at once, even when the broker is away.
        """
        ...

    async def stop(self) -> None:
        """Stops after the publishes in progress have ended. Idempotent."""
        ...

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Returns when the broker has confirmed all deliveries: every instance that listens gets them, in this order.

        This instance gets them at once, whether it listens or not. An instance that does not listen may get them too.

        Raises `Unavailable`; the broker may then have taken some of them.
        """
        ...

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        """Hands the deliveries to the `push` of this instance at once, for use while `publish` fails.

        When any instance publishes them later, this instance does not push them again.
        """
        ...

    def signal(self, deliveries: Sequence[Delivery]) -> None:
        """Hands passing deliveries to the instances that listen to their destinations. Never waits.

        This instance gets them at once, the others later, in this order. They are not stored: they are lost while the
        broker is away, when it has too much to do, and after a few seconds in which an instance did not take them.
        """
        ...

    def may_have_listener(self, queue: str) -> bool:
        """False when it is certain that no user on any instance subscribes to `queue`: no need to publish for it."""
        ...

    @property
    def is_up(self) -> bool:
        """Whether `publish` can succeed right now."""
        ...

    async def wait_ready(self) -> None:
        """Returns when `publish` can succeed. Returns at once for a broker that is never away."""
        ...
