"""The subscriptions of a connection."""

import re
from collections.abc import Iterator
from typing import Final

from adapters.stomp.protocol.errors import LimitExceeded, ProtocolError
from adapters.stomp.protocol.negotiation.version import Version
from adapters.stomp.protocol.subscription import AckMode, Subscription

_MESSAGE_ID: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")


class Subscriptions:
    """At most `max_open` subscriptions, each with at most `max_unacked` messages that wait for their ACK.

    Messages of ended subscriptions may still be ACKed: the last `max_unacked` of all ended subscriptions together.
    """

    __slots__ = ("_by_id", "_by_serial", "_ended", "_forgotten_to", "_max_open", "_max_unacked", "_serial")

    def __init__(self, *, max_open: int, max_unacked: int) -> None:
        self._max_open = max_open
        self._max_unacked = max_unacked
        self._serial = 0
        self._by_id: dict[str, Subscription] = {}
        self._by_serial: dict[int, Subscription] = {}
        self._ended: dict[int, Subscription] = {}  # by serial; only those with messages that wait for their ACK
        self._forgotten_to = 0  # the highest serial of an ended subscription that was forgotten with such messages

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, id: str, destination: str, ack_mode: AckMode, version: Version) -> Subscription:
        """A new subscription. Raises `ProtocolError` when the id is in use, `LimitExceeded` when there are too many."""
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
        """Removes a subscription, and returns it. None when no subscription has this id."""
        subscription = self._by_id.pop(id, None)
        if subscription is not None:
            del self._by_serial[subscription.serial]
            self._remember(subscription)
        return subscription

    def remove_destination(self, destination: str) -> Subscription | None:
        """Removes the oldest subscription of `destination`, and returns it. A client of STOMP 1.0 may ask for this."""
        found = next((subscription for subscription in self if subscription.destination == destination), None)
        return None if found is None else self.remove(found.id)

    def knows(self, message_id: str, subscription_id: str | None) -> bool:
        """Whether this is a message whose ACK can be carried out.

        False when the ACK comes so late after UNSUBSCRIBE that the message may be forgotten. True for ids that never
        wait for an ACK: some clients ACK in `auto` mode, with `id:undefined`.
        """
        match = _MESSAGE_ID.fullmatch(message_id)
        is_open = self._find(match, subscription_id) is not None
        return match is None or is_open or int(match[1]) > self._forgotten_to

    def settle(self, message_id: str, subscription_id: str | None, *, refused: bool = False) -> tuple[object, ...]:
        """Settles messages by an ACK, or by a NACK (`refused`). Returns their tags, oldest first.

        Empty when no message waits for it: some clients ACK in `auto` mode, or twice.
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
        while sum(subscription.unacked for subscription in self._ended.values()) > self._max_unacked:
            oldest = next(iter(self._ended))
            self._forgotten_to = max(self._forgotten_to, oldest)
            del self._ended[oldest]
