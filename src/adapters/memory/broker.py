"""The broker of one process: what is published is pushed at once."""

from collections.abc import Sequence

from application.ports.push import Delivery, Push
from domain.identifiers import MessageId


class InProcessExchange:
    """Where brokers of one process meet, each being an instance of its own."""

    def __init__(self) -> None:
        self.brokers: list[InProcessBroker] = []


class InProcessBroker:
    """With an exchange of its own it serves one instance: the broker of a service that runs alone."""

    def __init__(self, exchange: InProcessExchange | None = None) -> None:
        self._exchange = exchange or InProcessExchange()
        self._push: Push | None = None
        self._pushed_here: set[tuple[MessageId, str]] = set()

    async def start(self, push: Push) -> None:
        self._push = push
        self._exchange.brokers.append(self)

    async def stop(self) -> None:
        if self._push is not None:
            self._exchange.brokers.remove(self)
            self._push = None

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        for broker in self._exchange.brokers:
            broker._hand_over(deliveries)

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        self._hand_over(deliveries)
        self._pushed_here.update(key for one in deliveries if (key := one.owed_as) is not None)

    def may_have_listener(self, queue: str) -> bool:
        return any(broker._push is not None and broker._push.has_listener(queue) for broker in self._exchange.brokers)

    @property
    def is_up(self) -> bool:
        return True

    async def wait_ready(self) -> None:
        """It cannot be away."""

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        if self._pushed_here:
            repeats = {key for one in deliveries if (key := one.owed_as) in self._pushed_here}
            self._pushed_here -= repeats
            deliveries = [one for one in deliveries if one.owed_as not in repeats]
        if self._push is not None and deliveries:
            self._push.push(deliveries)
