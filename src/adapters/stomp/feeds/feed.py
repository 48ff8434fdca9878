"""What one subscription gets, where nothing is behind the live deliveries but the live deliveries."""

from collections.abc import Callable

from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery


class LiveFeed:
    """Hands every delivery to the client as it comes. What ends the connection goes to `on_failure`."""

    is_stored = False
    """Whether what it hands over can be read from the store again."""

    def __init__(self, subscription: Subscription, queue: WriteQueue, on_failure: Callable[[Exception], None]) -> None:
        self.subscription = subscription
        self._queue = queue
        self._on_failure = on_failure

    def deliver(self, delivery: Delivery, head: str) -> None:
        self._give(delivery, head)

    def stop(self) -> None:
        """Nothing of it goes out any more."""

    def _give(self, delivery: Delivery, head: str) -> None:
        subscription = self.subscription
        frame = subscription.message(head, delivery.body, delivery.message)
        # in the client modes the ACK is the delivery, not the socket
        self._queue.put(frame, delivery if subscription.ack_mode == "auto" else None, stored=self.is_stored)
