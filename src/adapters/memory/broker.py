"""The broker of one process: what is published is pushed at once."""

from collections.abc import Sequence

from application.ports.push import Delivery, Push


class InProcessExchange:
    """Where brokers of one process meet, each being an instance of its own."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []


class InProcessBroker:
    """With an exchange of its own it serves one instance: the broker of a service that runs alone."""

    def __init__(self, exchange: InProcessExchange | None = None) -> None:
        self._exchange = exchange or InProcessExchange()
        self._push: Push | None = None

    async def start(self, push: Push) -> None:
        self._push = push
        self._exchange.pushes.append(push)

    async def stop(self) -> None:
        if self._push is not None:
            self._exchange.pushes.remove(self._push)
            self._push = None

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        for push in self._exchange.pushes:
            push.push(deliveries)

    async def wait_ready(self) -> None:
        """It cannot be away."""
