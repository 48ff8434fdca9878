"""The push of this instance, which gets every delivery once: what it publishes itself, and what the others do."""

import logging
from collections.abc import Callable, Sequence

from adapters.rabbitmq.received import Received
from adapters.rabbitmq.seal import Seal, Unsigned, Unverified
from adapters.rabbitmq.settings import RabbitSettings
from application.delivery.recent import Recent, RecentDeliveries
from application.diagnostics.seldom_log import SeldomLog
from application.ports.push import Delivery, Push
from application.wire.deliveries import UnreadablePiece, unpack

log = logging.getLogger(__name__)

REMEMBERED_PIECES = 1_024


class LocalPush:
    """`identity` is this instance as the sender of messages: its own come back and are not pushed a second time.

    What `seal` does not verify is told to `on_rejected` and has no other effect.
    """

    def __init__(
        self,
        identity: str,
        seal: Seal,
        settings: RabbitSettings,
        on_gap: Callable[[], None],
        on_rejected: Callable[[], None],
    ) -> None:
        self._identity = identity
        self._seal = seal
        self._accept_unsigned = settings.accept_unsigned
        self._on_gap = on_gap
        self._on_rejected = on_rejected
        self._seldom = SeldomLog(log)
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

    def receive(self, message: Received) -> None:
        """Pushes what the message carries, unless it has come before or is not from one of us."""
        if message.app_id == self._identity:
            return
        try:
            self._seal.verify(message)
            self._receive(message)
        except Unsigned as error:
            if self._accept_unsigned:
                self._receive_unsigned(message)
            else:
                self._reject(str(error))
        except Unverified as error:
            self._reject(str(error))
        except UnreadablePiece:
            self.tell_gap(f"deliveries of {message.app_id} cannot be read ({message.content_type})")
        except Exception as error:  # one that cannot be handed over must not come again and again
            log.error("deliveries were dropped (%s)", type(error).__name__)

    def _receive(self, message: Received) -> None:
        """Raises `UnreadablePiece`."""
        if message.message_id in self._received:
            return
        self._received.add(message.message_id)
        self.push(self._recent.unreceived(unpack(message.content_type, message.body)))

    def _receive_unsigned(self, message: Received) -> None:
        """Anybody may have sent it: that it cannot be read says nothing."""
        try:
            self._receive(message)
        except UnreadablePiece:
            self._reject("it is not signed and cannot be read")

    def _reject(self, reason: str) -> None:
        self._on_rejected()
        self._seldom(logging.WARNING, f"a message on the exchange of deliveries was rejected: {reason}")

    def tell_gap(self, reason: str) -> None:
        """Deliveries are missing here for good."""
        log.warning("%s has missed deliveries: %s", self._identity, reason)
        self._on_gap()
