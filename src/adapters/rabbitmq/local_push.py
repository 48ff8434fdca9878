"""The push of this instance, which gets every delivery once: what it publishes itself, and what the others do."""

import logging
from collections.abc import Callable, Sequence

from aio_pika.abc import AbstractIncomingMessage

from adapters.rabbitmq.recent import Recent, RecentDeliveries
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.wire import UnreadablePiece, unpack
from application.ports.push import Delivery, Push

log = logging.getLogger(__name__)

REMEMBERED_PIECES = 1_024


class LocalPush:
    """`identity` is this instance as the sender of messages: its own come back and are not pushed a second time."""

    def __init__(self, identity: str, on_gap: Callable[[], None], settings: RabbitSettings) -> None:
        self._identity = identity
        self._on_gap = on_gap
        self._push: Push | None = None
        self._recent = RecentDeliveries(settings.max_remembered, settings.max_received_remembered)
        self._received = Recent(REMEMBERED_PIECES)

    def open(self, push: Push) -> None:
        self._push = push

    def close(self) -> None:
        """Nothing is pushed any more."""
        self._push = None

    def push(self, deliveries: Sequence[Delivery]) -> None:
        """Without those that were pushed before their publish failed."""
        if self._push is not None and (new := self._recent.unpushed(deliveries)):
            self._push.push(new)

    def expect_repeats(self, deliveries: Sequence[Delivery]) -> None:
        """They were pushed, but it is not known that they were published: they will come again."""
        self._recent.pushed(deliveries)

    def receive(self, message: AbstractIncomingMessage) -> None:
        """Pushes what the message carries, unless it has come before."""
        if message.app_id == self._identity or message.message_id in self._received:
            return
        self._received.add(message.message_id)
        try:
            self.push(self._recent.unreceived(unpack(message.content_type, message.body)))
        except UnreadablePiece:
            self.tell_gap(f"deliveries of {message.app_id} cannot be read ({message.content_type})")
        except Exception as error:  # one that cannot be handed over must not come again and again
            log.error("deliveries of %s were dropped (%s)", message.app_id, type(error).__name__)

    def tell_gap(self, reason: str) -> None:
        """Deliveries are missing here for good."""
        log.warning("%s has missed deliveries: %s", self._identity, reason)
        self._on_gap()
