"""Makes the deliveries that the outbox holds: publishes, polls and purges (contract, section 9).

The instance that commits a message publishes its deliveries at once. The poll finds the entries that a dead instance or
a failed try left behind. An entry is processed when the broker has confirmed its delivery: delivery is at-least-once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from application.delivery.outbox.pending_deliveries import PendingDeliveries
from application.delivery.outbox.poll import OutboxPoll
from application.delivery.outbox.publisher import OutboxPublisher
from application.delivery.outbox.purge import OutboxPurge
from application.diagnostics.counters import Counters
from application.ports.broker import Broker
from application.ports.outbox import Outbox
from application.ports.profiles import ProfileDirectory
from domain.outbox import RetryPolicy


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Settings of the relay.

    All times are in seconds. A poll runs every `poll`, and claims up to `claim_size` entries for the duration of
    `claim`. The instance that stores a message claims its entries for `eager_claim`. Processed entries are kept for
    `retention`. One publish has up to `max_publish` messages, and up to `max_in_hand` wait for one.
    """

    poll: float
    claim: float
    eager_claim: float
    claim_size: int
    retention: float
    max_publish: int = 500
    max_in_hand: int = 20_000


class OutboxRelay:
    """Delivers the entries of the outbox, through `broker`, to the addresses that `directory` has."""

    def __init__(
        self,
        outbox: Outbox,
        broker: Broker,
        directory: ProfileDirectory,
        counters: Counters,
        policy: RetryPolicy,
        settings: RelaySettings,
    ) -> None:
        self._eager_claim = timedelta(seconds=settings.eager_claim)
        self._publisher = OutboxPublisher(
            outbox,
            broker,
            counters,
            keep_processed=bool(settings.retention),
            max_publish=settings.max_publish,
            max_in_hand=settings.max_in_hand,
        )
        self._poll = OutboxPoll(
            outbox,
            self._publisher,
            directory,
            counters,
            policy,
            interval=settings.poll,
            claim=settings.claim,
            claim_size=settings.claim_size,
        )
        self._purge = OutboxPurge(outbox, settings.retention)

    def claim(self) -> timedelta:
        """For how long this instance claims entries that it stores now. 0 while the broker is away."""
        return timedelta() if self._publisher.is_paused else self._eager_claim

    def publish_soon(self, pending: Sequence[PendingDeliveries]) -> None:
        """Publishes the deliveries of messages that were just committed. Never waits.

        Entries that find no room stay in the outbox for the poll. While the broker is away, the connections of this
        instance get the deliveries, and the outbox keeps the entries for the other instances.
        """
        self._publisher.add(pending)

    def start(self) -> None:
        """Starts to publish, to poll and to purge. Call it once."""
        self._publisher.start()
        self._poll.start()
        self._purge.start()

    async def stop(self) -> None:
        """Publishes what is in hand, unless the broker is away, marks it, and stops."""
        await self._publisher.drain()
        await self._poll.stop()
        await self._purge.stop()
        await self._publisher.stop()
