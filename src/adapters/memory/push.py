"""Records deliveries for tests."""

from collections.abc import Collection, Sequence

from application.ports.push import Delivery


class RecordingPush:
    """Records what is pushed. A test sets `listened_to`, the queues with a listener.

    It wants every destination, or those in `wanted`.
    """

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.missing: list[str] = []
        self.listened_to: set[str] = set()
        self.wanted: set[str] | None = None

    def push(self, deliveries: Sequence[Delivery]) -> None:
        """See `Push.push`."""
        self.deliveries.extend(deliveries)

    def wants(self, destination: str) -> bool:
        """See `Push.wants`."""
        return self.wanted is None or destination in self.wanted

    def missed(self, destinations: Collection[str]) -> None:
        """Records them in `missing`."""
        self.missing.extend(destinations)

    def has_listener(self, queue: str) -> bool:
        """See `Push.has_listener`."""
        return queue in self.listened_to
