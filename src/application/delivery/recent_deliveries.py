"""Remembers the latest deliveries, so that a repeat is not pushed twice."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from application.ports.push import Delivery


class RecentKeys:
    """The last `capacity` keys that were added."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def add(self, key: Hashable) -> None:
        """Adds a key, and forgets the oldest one when there are too many."""
        self._keys[key] = None
        if len(self._keys) > self._capacity:
            self._keys.popitem(last=False)

    def discard(self, key: Hashable) -> None:
        """Forgets a key, if it is known."""
        self._keys.pop(key, None)

    def __len__(self) -> int:
        return len(self._keys)


class RecentDeliveries:
    """Recognizes repeated deliveries: of those pushed here before their publish failed, and of those received.

    A publish that failed may have succeeded at the broker, and the instance that finds the entry in the outbox repeats
    it. A delivery without an outbox entry is never repeated, and not remembered. Remembers up to `max_pushed` and
    `max_received` deliveries.
    """

    def __init__(self, max_pushed: int, max_received: int) -> None:
        self._pushed = RecentKeys(max_pushed)
        self._received = RecentKeys(max_received)

    def add_pushed(self, deliveries: Sequence[Delivery]) -> None:
        """Remembers deliveries that were pushed here although their publish failed. Expects one repeat of each."""
        for delivery in deliveries:
            if delivery.repeat_key is not None:
                self._pushed.add(delivery.repeat_key)

    def without_pushed(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Leaves out the repeats of deliveries that were pushed here. Forgets those, as their repeat has come."""
        if not self._pushed:
            return deliveries
        return [delivery for delivery in deliveries if not self._take(delivery.repeat_key)]

    def without_received(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Leaves out the deliveries that were received before. Remembers the others."""
        return [delivery for delivery in deliveries if self._is_first(delivery.repeat_key)]

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
