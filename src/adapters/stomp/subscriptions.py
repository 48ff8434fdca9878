"""The subscriptions of one connection."""

import re
from collections.abc import Iterator
from typing import Final

from adapters.stomp.errors import LimitExceeded, ProtocolError
from adapters.stomp.subscription import AckMode, Subscription
from adapters.stomp.version import Version

_MESSAGE_ID: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")


class Subscriptions:
    """At most `max_open` at a time, each with at most `max_unacked` messages that wait for their ACK."""

    __slots__ = ("_by_id", "_by_serial", "_max_open", "_max_unacked", "_serial")

    def __init__(self, *, max_open: int, max_unacked: int) -> None:
        self._max_open = max_open
        self._max_unacked = max_unacked
        self._serial = 0
        self._by_id: dict[str, Subscription] = {}
        self._by_serial: dict[int, Subscription] = {}

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
        return subscription

    def remove_destination(self, destination: str) -> Subscription | None:
        """Removes the oldest subscription of `destination`, as STOMP 1.0 may ask."""
        found = next((one for one in self if one.destination == destination), None)
        return None if found is None else self.remove(found.id)

    def settle(self, message_id: str, subscription_id: str | None, *, refused: bool = False) -> tuple[object, ...]:
        """The tags that an ACK or (`refused`) NACK settles, oldest first.

        Empty for what does not wait for one: clients ACK in `auto` mode (`id:undefined`), twice, or after UNSUBSCRIBE.
        """
        match = _MESSAGE_ID.fullmatch(message_id)
        subscription = self._by_serial.get(int(match[1])) if match else None
        if match is None or subscription is None or subscription_id not in (None, subscription.id):
            return ()
        return subscription.settle(int(match[2]), refused=refused)
