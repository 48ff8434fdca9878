"""Pushes each delivery once to this instance's connections: its own ones, and those of the other instances."""

import logging
from collections.abc import Callable, Collection, Sequence

from adapters.rabbitmq.deliveries.seal import Seal, Unsigned, Unverified
from adapters.rabbitmq.received import Received
from adapters.rabbitmq.settings import RabbitSettings
from application.delivery.recent_deliveries import RecentDeliveries, RecentKeys
from application.diagnostics.seldom_log import SeldomLog
from application.ports.push import Delivery, Push
from application.wire.deliveries import UnreadablePiece, unpack

log = logging.getLogger(__name__)

REMEMBERED_PIECES = 1_024


class LocalPush:
    """Checks received messages and removes repeats before it pushes.

    `identity` is the `app_id` of this instance: its own messages come back, and are ignored. A message that `seal`
    does not verify is dropped, and `on_rejected` is called. `on_gap` is called when deliveries are missing for good.
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
        self._received = RecentKeys(REMEMBERED_PIECES)

    def open(self, push: Push) -> None:
        """Pushes to `push` from now on."""
        self._push = push

    def close(self) -> None:
        """Pushes nothing from now on."""
        self._push = None

    def push(self, deliveries: Sequence[Delivery]) -> None:
        """Pushes the deliveries, except those that were pushed before and whose publish failed."""
        if self._push is not None and (new := self._recent.without_pushed(deliveries)):
            self._push.push(new)

    def expect_repeats(self, deliveries: Sequence[Delivery]) -> None:
        """Remembers deliveries that were pushed, but perhaps not published: they will come again."""
        self._recent.add_pushed(deliveries)

    def missed(self, destinations: Collection[str]) -> None:
        """Tells the connections that deliveries to these destinations may be missing."""
        if self._push is not None:
            self._push.missed(destinations)

    def receive(self, message: Received) -> None:
        """Pushes the deliveries in a message, unless it is a repeat or does not come from another instance."""
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
        except Exception as error:  # drops the message, as a redelivery would fail again and again
            log.error("deliveries were dropped (%s)", type(error).__name__)

    def _receive(self, message: Received) -> None:
        """Pushes the deliveries in a verified message. Raises `UnreadablePiece`."""
        if message.message_id in self._received:
            return
        self._received.add(message.message_id)
        self.push(self._recent.without_received(unpack(message.content_type, message.body, self._wants)))

    def _wants(self, destination: str) -> bool:
        return self._push is not None and self._push.wants(destination)

    def _receive_unsigned(self, message: Received) -> None:
        """Pushes an unsigned message. One that cannot be decoded is no gap, since anybody may have sent it."""
        try:
            self._receive(message)
        except UnreadablePiece:
            self._reject("it is not signed and cannot be read")

    def _reject(self, reason: str) -> None:
        self._on_rejected()
        self._seldom(logging.WARNING, f"a message on the exchange of deliveries was rejected: {reason}")

    def tell_gap(self, reason: str) -> None:
        """Reports that deliveries are missing for good."""
        log.warning("%s has missed deliveries: %s", self._identity, reason)
        self._on_gap()
