"""Bounded memories of what was done already, so that a repeat is not done twice."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from application.ports.push import Delivery


class Recent:
    """The last `capacity` things seen."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def __contains__(self, thing: Hashable) -> bool:
        return thing in self._seen

    def add(self, thing: Hashable) -> None:
        self._seen[thing] = None
        if len(self._seen) > self._capacity:
            self._seen.popitem(last=False)

    def discard(self, thing: Hashable) -> None:
        self._seen.pop(thing, None)

    def __len__(self) -> int:
        return len(self._seen)


class RecentDeliveries:
    """Which deliveries of messages are repeats: of one pushed here before its publish failed, or of one received.

    A publish that failed may have gone out even so, and its repeat comes from whichever instance finds it in the
    outbox. What the outbox does not owe is not repeated by anyone and not remembered.
    """

    def __init__(self, max_pushed: int, max_received: int) -> None:
        self._pushed = Recent(max_pushed)
        self._received = Recent(max_received)

    def pushed(self, deliveries: Sequence[Delivery]) -> None:
        """They were pushed here although their publish failed: one repeat of each is expected."""
        for delivery in deliveries:
            if delivery.owed_as is not None:
                self._pushed.add(delivery.owed_as)

    def unpushed(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Without the repeats of those pushed here, which are forgotten as they have now come."""
        if not self._pushed:
            return deliveries
        return [delivery for delivery in deliveries if not self._take(delivery.owed_as)]

    def unreceived(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Without those received a short while ago."""
        return [delivery for delivery in deliveries if self._is_first(delivery.owed_as)]

    def _take(self, key: Hashable | None) -> bool:
        if key is None or key not in self._pushed:
            return False
        self._pushed.discard(key)
        return True

    def _is_first(self, key: Hashable | None) -> bool:
        if key is None:
            return True
        if key in self._received:
            return False
        self._received.add(key)
        return True
