"""Batches the ACKs that ask for a RECEIPT: it promises that their marks are durable."""

from application.concurrency.batcher import Batcher
from application.concurrency.busy_lane import BusyLane
from application.use_cases.mark_delivered import Acked, MarkDelivered

ACKS_IN_ONE_TRANSACTION = 64


def ack_batcher(
    mark_delivered: MarkDelivered, *, max_pending: int, patience: float, max_batch: int = ACKS_IN_ONE_TRANSACTION
) -> Batcher[Acked, None]:
    """Makes the batcher of ACKs, which marks the messages of up to `max_batch` ACKs in one transaction.

    Up to `max_pending` ACKs wait for a batch. An ACK of a message that somebody else has locked waits apart, for
    `patience` seconds at most.
    """
    busy: BusyLane[Acked, None] = BusyLane(
        "acks of locked messages",
        mark_delivered.durably,
        lambda ack: ack.session_id,
        max_batch=max_batch,
        patience=patience,
    )
    return Batcher("acks", mark_delivered.durably, max_batch=max_batch, max_pending=max_pending, busy=busy)
