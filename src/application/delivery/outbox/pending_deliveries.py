"""The deliveries of one message, with the outbox entries that stand for them."""

from collections.abc import Iterable, Sequence

import msgspec

from application.ports.push import Delivery
from domain.identifiers import OutboxId


class PendingDeliveries(msgspec.Struct, frozen=True, gc=False):
    """Outbox entries of one message. They are processed when the broker has confirmed `deliveries`."""

    entry_ids: Sequence[OutboxId]
    deliveries: Sequence[Delivery]


def deliveries_of(pending: Iterable[PendingDeliveries]) -> list[Delivery]:
    """All deliveries, in order."""
    return [delivery for message in pending for delivery in message.deliveries]


def entry_ids_of(pending: Iterable[PendingDeliveries]) -> list[OutboxId]:
    """The ids of all outbox entries, in order."""
    return [entry_id for message in pending for entry_id in message.entry_ids]
