"""The feed of a subscription whose deliveries cannot be read from the store again."""

from collections.abc import Sequence

from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery


class LiveFeed:
    """Gives every delivery to the client as it comes."""

    __slots__ = ("_queue", "subscription")
    is_stored = False
    """Whether its messages can be read from the store again."""

    def __init__(self, subscription: Subscription, queue: WriteQueue) -> None:
        self.subscription = subscription
        self._queue = queue

    def deliver(self, delivery: Delivery, head: str) -> None:
        """See `Subscriber.deliver`."""
        self._give(delivery, head)

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Ends the connection, so that the client resumes: deliveries were dropped."""
        self._queue.overflow()

    def missed(self) -> None:
        """Asks the client to resume: deliveries may be lost."""
        self._queue.missed()

    def stop(self) -> None:
        """Stops the feed. A live feed has nothing to stop."""

    def _give(self, delivery: Delivery, head: str) -> None:
        subscription = self.subscription
        frame = subscription.message(head, delivery.body, delivery.message)
        is_stored = self.is_stored and delivery.message is not None
        # in the client modes a message is delivered by its ACK, not when its frame is written
        self._queue.put(frame, delivery, is_acked=subscription.ack_mode != "auto", stored=is_stored)
