"""Holds what has waited somewhere against the store, before it is written to a socket (contract, section 13).

A message may have been edited or deleted while its delivery waited in the broker, the outbox or an instance. A delivery
of a message that was stored less than a second ago is not looked at: a deletion is answered after that second only. A
reply is always looked at, as its deliveries do not have the text that it answers. So is a change: its message may be
older, so that a deletion of it is answered at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import compress, islice
from typing import Final

from application.delivery.present_deliveries import PresentDeliveries, is_event
from application.ports.clock import Clock
from application.ports.push import Delivery, Push
from domain.destination import is_instance_destination
from domain.errors import Unavailable

log = logging.getLogger(__name__)

UNCHECKED_SECONDS: Final = 1.0
CHECK_RETRY_SECONDS: Final = 0.2
MAX_BATCH: Final = 500
MAX_UNCHECKED: Final = 20_000
_IS_REPLY: Final = '"replyTo":'


class PresentPush:
    """Pushes deliveries to `push` in their order, each message in its present form.

    `on_gap` is called when more deliveries wait for the store than can be held: they are dropped.
    """

    def __init__(
        self,
        push: Push,
        present: PresentDeliveries,
        clock: Clock,
        on_gap: Callable[[], None],
    ) -> None:
        self._push = push
        self._present = present
        self._clock = clock
        self._on_gap = on_gap
        self._unchecked: deque[Delivery] = deque()
        self._task: asyncio.Task[None] | None = None

    def push(self, deliveries: Sequence[Delivery]) -> None:
        """Pushes at once what need not be checked, unless something before it is being checked."""
        if self._task is None:
            unchecked_since = self._clock.now().timestamp() - UNCHECKED_SECONDS
            if not any(_is_to_check(delivery, unchecked_since) for delivery in deliveries):
                self._push.push(deliveries)
                return
        passing = [delivery for delivery in deliveries if is_instance_destination(delivery.destination)]
        if passing:  # between instances: they must not wait for the store
            self._push.push(passing)
            deliveries = [delivery for delivery in deliveries if not is_instance_destination(delivery.destination)]
        wanted = [delivery for delivery in deliveries if self._push.wants(delivery.destination)]
        if len(self._unchecked) + len(wanted) > MAX_UNCHECKED:
            log.warning("%d deliveries were dropped: the store does not say whether they are up to date", len(wanted))
            self._on_gap()
            return
        self._unchecked.extend(wanted)
        if self._task is None and self._unchecked:
            self._task = asyncio.create_task(self._check_all(), name="deliveries to check")

    def missed(self, destinations: Collection[str]) -> None:
        """See `Push.missed`."""
        self._push.missed(destinations)

    def wants(self, destination: str) -> bool:
        """Whether a connection of this instance subscribes to `destination`."""
        return self._push.wants(destination)

    def has_listener(self, queue: str) -> bool:
        """Whether any user subscribes to `queue` on this instance."""
        return self._push.has_listener(queue)

    async def stop(self) -> None:
        """Drops what is not checked yet: the outbox and the store still have it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _check_all(self) -> None:
        try:
            while self._unchecked:
                batch = list(islice(self._unchecked, MAX_BATCH))
                try:
                    present = await self._check(batch)
                except Unavailable:
                    await asyncio.sleep(CHECK_RETRY_SECONDS)
                    continue
                for _ in batch:
                    self._unchecked.popleft()
                self._push.push(present)
        except Exception:
            log.exception("deliveries were dropped")
            self._unchecked.clear()
            self._on_gap()
        finally:
            self._task = None

    async def _check(self, batch: Sequence[Delivery]) -> Sequence[Delivery]:
        unchecked_since = self._clock.now().timestamp() - UNCHECKED_SECONDS
        are_to_check = [_is_to_check(delivery, unchecked_since) for delivery in batch]
        checked = iter(await self._present.of(list(compress(batch, are_to_check))))
        return [
            next(checked) if is_to_check else delivery
            for delivery, is_to_check in zip(batch, are_to_check, strict=True)
        ]


def _is_to_check(delivery: Delivery, unchecked_since: float) -> bool:
    if delivery.message is None:
        return False
    is_fresh = delivery.committed_at is None or delivery.committed_at > unchecked_since
    return not is_fresh or _IS_REPLY in delivery.body or is_event(delivery)
