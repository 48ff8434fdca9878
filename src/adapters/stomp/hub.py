"""Who is subscribed to what on this instance. Implements the push port: destination → subscribers."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from adapters.stomp.names import CHAT_MESSAGE_ID, RETRY_AFTER, SEQ, SESSION_ID, USER_PREFIX
from adapters.stomp.protocol.subscription import message_head
from application.ports.push import Delivery
from domain.destination import ALL_RECEIPTS_QUEUE, RECEIPTS_QUEUE, parse_user_destination


class Subscriber(Protocol):
    def deliver(self, delivery: Delivery, head: str) -> None:
        """Queues `delivery`; `head` is its `message_head`, made once for all subscribers."""
        ...


class Hub:
    def __init__(self) -> None:
        self._subscribers: dict[str, dict[Subscriber, None]] = {}
        self._listeners: Counter[str] = Counter()  # users, by the queue that they subscribe to

    def add(self, destination: str, subscriber: Subscriber) -> None:
        if destination not in self._subscribers:
            self._subscribers[destination] = {}
            self._listeners[_queue_of(destination)] += 1
        self._subscribers[destination][subscriber] = None

    def remove(self, destination: str, subscriber: Subscriber) -> None:
        """Nothing is handed to it any more; a second time is harmless."""
        subscribers = self._subscribers.get(destination)
        if subscribers is None:
            return
        subscribers.pop(subscriber, None)
        if not subscribers:
            del self._subscribers[destination]
            self._listeners[_queue_of(destination)] -= 1

    def has_listener(self, queue: str) -> bool:
        return self._listeners[queue] > 0

    def push(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            subscribers = self._subscribers.get(delivery.destination)
            if subscribers:
                head = head_of(delivery)
                for subscriber in tuple(subscribers):
                    subscriber.deliver(delivery, head)


def _queue_of(destination: str) -> str:
    """Empty for a topic."""
    user = parse_user_destination(destination)
    return "" if user is None else user.queue


def head_of(delivery: Delivery) -> str:
    """The fixed part of the MESSAGE frames of `delivery`, with the destination as clients subscribe it."""
    key = delivery.message
    more = "" if key is None else f"{SEQ}:{key.seq}\n{SESSION_ID}:{key.session_id}\n{CHAT_MESSAGE_ID}:{key.id}\n"
    if delivery.retry_after is not None:
        more += f"{RETRY_AFTER}:{delivery.retry_after}\n"
    return message_head(_as_subscribed(delivery.destination), delivery.body, more)


@lru_cache(maxsize=100_000)
def _as_subscribed(destination: str) -> str:
    user = parse_user_destination(destination)
    if user is None:
        return destination
    queue = RECEIPTS_QUEUE if user.queue == ALL_RECEIPTS_QUEUE else user.queue
    return f"{USER_PREFIX}{queue}"
