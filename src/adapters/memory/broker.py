"""A broker within one process. `publish` pushes the deliveries before it returns."""

from collections.abc import Sequence

from application.ports.push import Delivery, Push
from domain.identifiers import MessageId


class InProcessExchange:
    """Connects the brokers of several instances in one process."""

    def __init__(self) -> None:
        self.brokers: list[InProcessBroker] = []


class InProcessBroker:
    """The broker of one instance. Without `exchange` it serves this instance alone."""

    def __init__(self, exchange: InProcessExchange | None = None) -> None:
        self._exchange = exchange or InProcessExchange()
        self._push: Push | None = None
        self._pushed_here: set[tuple[MessageId, str]] = set()

    async def start(self, push: Push) -> None:
        """See `Broker.start`."""
        self._push = push
        self._exchange.brokers.append(self)

    async def stop(self) -> None:
        """See `Broker.stop`."""
        if self._push is not None:
            self._exchange.brokers.remove(self)
            self._push = None

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.publish`."""
        for broker in self._exchange.brokers:
            broker._hand_over(deliveries)

    def listen(self, destination: str) -> None:
        """Nothing to do: every instance gets every delivery."""

    def unlisten(self, destination: str) -> None:
        """Nothing to do: every instance gets every delivery."""

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.push_here`."""
        self._hand_over(deliveries)
        self._pushed_here.update(key for delivery in deliveries if (key := delivery.repeat_key) is not None)

    def signal(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.signal`."""
        for broker in self._exchange.brokers if self._push is not None else ():
            broker._hand_over(deliveries)

    def may_have_listener(self, queue: str) -> bool:
        """See `Broker.may_have_listener`."""
        return any(broker._push is not None and broker._push.has_listener(queue) for broker in self._exchange.brokers)

    @property
    def is_up(self) -> bool:
        """See `Broker.is_up`."""
        return True

    async def wait_ready(self) -> None:
        """Returns at once: this broker is never away."""

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        if self._pushed_here:
            repeats = {key for delivery in deliveries if (key := delivery.repeat_key) in self._pushed_here}
            self._pushed_here -= repeats
            deliveries = [delivery for delivery in deliveries if delivery.repeat_key not in repeats]
        if self._push is not None and deliveries:
            self._push.push(deliveries)
