"""A broker in one process that hands over late what an instance receives, or twice, in any order, or never."""

from collections.abc import Sequence
from typing import Final

from adapters.memory.broker import InProcessBroker, InProcessExchange
from application.ports.push import Delivery

MAX_HELD: Final = 50


class WaywardBroker(InProcessBroker):
    """The broker of one instance. While it `holds`, every delivery to this instance waits for `release`."""

    def __init__(self, exchange: InProcessExchange) -> None:
        super().__init__(exchange)
        self.holds = False
        self.held: list[Delivery] = []

    async def release(self, which: int, *, again: bool) -> None:
        """Pushes one of the held deliveries, and holds it still if it comes `again`."""
        delivery = self.held[which % len(self.held)]
        if not again:
            self.held.remove(delivery)
        super()._hand_over([delivery])

    def drop_all(self) -> None:
        """Loses what is held."""
        self.held.clear()

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        if self.holds:
            self.held += deliveries
            del self.held[:-MAX_HELD]
        else:
            super()._hand_over(deliveries)
