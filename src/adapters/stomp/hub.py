"""The hub of an instance: gives deliveries to the subscribers of their destinations."""

from collections import Counter
from collections.abc import Awaitable, Collection, Sequence
from functools import lru_cache

import msgspec

from adapters.stomp.fan_out import FanOut, Subscriber
from adapters.stomp.names import CHAT_MESSAGE_ID, RETRY_AFTER, SEQ, SESSION_ID, USER_PREFIX
from adapters.stomp.protocol.subscription import message_head
from application.ports.broker import Listening
from application.ports.push import Delivery
from domain.destination import ALL_RECEIPTS_QUEUE, RECEIPTS_QUEUE, parse_user_destination, session_topic

MAX_AT_ONCE = 32
"""A delivery to so many subscribers is given within the push. For more it goes to the fan-out."""


class Hub:
    """Implements the port `Push`: gives deliveries to subscribers. `listening` learns which destinations have any."""

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._subscribers: dict[str, dict[Subscriber, None]] = {}
        self._listeners: Counter[str] = Counter()  # users, by the queue that they subscribe to
        self._fan_out = FanOut(lambda destination: self._subscribers.get(destination, {}), head_of)

    def add(self, destination: str, subscriber: Subscriber) -> Awaitable[None] | None:
        """Adds a subscriber. It gets deliveries of this instance at once, of others when the result was awaited.

        None when there is nothing to wait for.
        """
        if destination not in self._subscribers:
            self._subscribers[destination] = {}
            self._listeners[_queue_of(destination)] += 1
        self._subscribers[destination][subscriber] = None
        return self._listening.listen(destination)

    def remove(self, destination: str, subscriber: Subscriber) -> None:
        """Removes a subscriber, which gets no more deliveries. Idempotent."""
        subscribers = self._subscribers.get(destination)
        if subscribers is None or subscriber not in subscribers:
            return
        del subscribers[subscriber]
        self._listening.unlisten(destination)
        if not subscribers:
            del self._subscribers[destination]
            self._listeners[_queue_of(destination)] -= 1

    def wants(self, destination: str) -> bool:
        """See `Push.wants`."""
        return destination in self._subscribers

    def missed(self, destinations: Collection[str]) -> None:
        """See `Push.missed`."""
        for destination in destinations:
            for subscriber in tuple(self._subscribers.get(destination, ())):
                subscriber.missed()

    def has_listener(self, queue: str) -> bool:
        """See `Push.has_listener`."""
        return self._listeners[queue] > 0

    def push(self, deliveries: Sequence[Delivery]) -> None:
        """See `Push.push`."""
        for delivery in deliveries:
            subscribers = self._subscribers.get(delivery.destination)
            if not subscribers:
                continue
            if len(subscribers) > MAX_AT_ONCE or delivery.destination in self._fan_out:
                self._fan_out.add(delivery)
            else:
                head = head_of(delivery)
                for subscriber in tuple(subscribers):
                    subscriber.deliver(delivery, head)


def _queue_of(destination: str) -> str:
    """The queue of a user destination. Empty for a topic."""
    user = parse_user_destination(destination)
    return "" if user is None else user.queue


def head_of(delivery: Delivery) -> str:
    """The `message_head` of a delivery, with the destination that clients subscribe to."""
    key = delivery.message
    more = "" if key is None else f"{SEQ}:{key.seq}\n{SESSION_ID}:{key.session_id}\n{CHAT_MESSAGE_ID}:{key.id}\n"
    if delivery.retry_after is not None:
        more += f"{RETRY_AFTER}:{delivery.retry_after}\n"
    return message_head(_as_subscribed(delivery.destination), delivery.body, more)


def head_of_topic(delivery: Delivery) -> str:
    """The `head_of` a delivery of a message as if it came on the topic of its session."""
    assert delivery.message is not None, "topics have messages"
    return head_of(msgspec.structs.replace(delivery, destination=session_topic(delivery.message.session_id)))


@lru_cache(maxsize=100_000)
def _as_subscribed(destination: str) -> str:
    user = parse_user_destination(destination)
    if user is None:
        return destination
    queue = RECEIPTS_QUEUE if user.queue == ALL_RECEIPTS_QUEUE else user.queue
    return f"{USER_PREFIX}{queue}"
