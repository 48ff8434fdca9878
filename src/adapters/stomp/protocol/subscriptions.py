"""The subscriptions of one connection."""

import re
from collections.abc import Iterator
from typing import Final

from adapters.stomp.protocol.errors import LimitExceeded, ProtocolError
from adapters.stomp.protocol.subscription import AckMode, Subscription
from adapters.stomp.protocol.version import Version

_MESSAGE_ID: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")


class Subscriptions:
    """At most `max_open` at a time, each with at most `max_unacked` messages that wait for their ACK.

    Those of ended subscriptions may still be ACKed, the last `max_unacked` of them together.
    """

    __slots__ = ("_by_id", "_by_serial", "_ended", "_forgotten_to", "_max_open", "_max_unacked", "_serial")

    def __init__(self, *, max_open: int, max_unacked: int) -> None:
        self._max_open = max_open
        self._max_unacked = max_unacked
        self._serial = 0
        self._by_id: dict[str, Subscription] = {}
        self._by_serial: dict[int, Subscription] = {}
        self._ended: dict[int, Subscription] = {}  # by serial, those with messages that wait for their ACK
        self._forgotten_to = 0  # the highest serial of those that were forgotten with such messages

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, id: str, destination: str, ack_mode: AckMode, version: Version) -> Subscription:
        if id in self._by_id:
            raise ProtocolError("this subscription id is in use on the connection")
        if len(self._by_id) >= self._max_open:
            raise LimitExceeded(f"at most {self._max_open} subscriptions may be open")
        self._serial += 1
        subscription = Subscription(
            id, destination, ack_mode, serial=self._serial, version=version, max_unacked=self._max_unacked
        )
        self._by_id[id] = self._by_serial[self._serial] = subscription
        return subscription

    def remove(self, id: str) -> Subscription | None:
        """The subscription that is no more; None when there was none of this id."""
        subscription = self._by_id.pop(id, None)
        if subscription is not None:
            del self._by_serial[subscription.serial]
            self._remember(subscription)
        return subscription

    def remove_destination(self, destination: str) -> Subscription | None:
        """Removes the oldest subscription of `destination`, as STOMP 1.0 may ask."""
        found = next((one for one in self if one.destination == destination), None)
        return None if found is None else self.remove(found.id)

    def knows(self, message_id: str, subscription_id: str | None) -> bool:
        """False for an ACK that comes so late after UNSUBSCRIBE that its message may have been forgotten.

        True for what never waits for one: clients ACK in `auto` mode (`id:undefined`).
        """
        match = _MESSAGE_ID.fullmatch(message_id)
        is_open = self._find(match, subscription_id) is not None
        return match is None or is_open or int(match[1]) > self._forgotten_to

    def settle(self, message_id: str, subscription_id: str | None, *, refused: bool = False) -> tuple[object, ...]:
        """The tags that an ACK or (`refused`) NACK settles, oldest first.

        Empty for what does not wait for one: clients ACK in `auto` mode (`id:undefined`), or twice.
        """
        match = _MESSAGE_ID.fullmatch(message_id)
        subscription = self._find(match, subscription_id)
        if match is None or subscription is None:
            return ()
        tags = subscription.settle(int(match[2]), refused=refused)
        if not subscription.unacked:
            self._ended.pop(subscription.serial, None)
        return tags

    def _find(self, match: re.Match[str] | None, subscription_id: str | None) -> Subscription | None:
        if match is None:
            return None
        serial = int(match[1])
        subscription = self._by_serial.get(serial) or self._ended.get(serial)
        if subscription is None or subscription_id not in (None, subscription.id):
            return None
        return subscription

    def _remember(self, ended: Subscription) -> None:
        if not ended.unacked:
            return
        self._ended[ended.serial] = ended
        while sum(one.unacked for one in self._ended.values()) > self._max_unacked:
            oldest = next(iter(self._ended))
            self._forgotten_to = max(self._forgotten_to, oldest)
            del self._ended[oldest]
