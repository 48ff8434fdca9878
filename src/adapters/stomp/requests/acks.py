"""ACKs mark messages as delivered: durably before the RECEIPT, or a moment later when no RECEIPT is asked for."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from adapters.stomp.receipts import Pending, Receipts
from adapters.stomp.services import StompServices
from application.ports.messages import MessageRef
from application.ports.push import MessageKey
from application.use_cases.mark_delivered import NOTHING_ACKED, Acked
from domain.errors import StoreUnavailable
from domain.principal import Principal

if TYPE_CHECKING:
    import asyncio


MAX_TRACKED = 50
"""Messages ACKed without a RECEIPT that a connection tracks. Beyond this it does not know which were not written."""


class AckHandler:
    """Carries out the ACKs of one connection.

    `on_failure` gets the error and the `receipt` when the service cannot make the ACKs durable. It must end the
    connection.
    """

    def __init__(
        self, services: StompServices, receipts: Receipts, on_failure: Callable[[Exception, str | None], None]
    ) -> None:
        self._services = services
        self._receipts = receipts
        self._on_failure = on_failure
        self._unwritten: set[MessageRef] = set()

    def take(self, principal: Principal, tags: tuple[object, ...], pending: Pending) -> None:
        """Marks the messages of others as delivered. `tags` are those of the ACK, `pending` is its answer."""
        keys = [tag for tag in tags if isinstance(tag, MessageKey) and tag.sender_email != principal.name]
        refs = [key.ref for key in keys]
        if not pending.is_asked_for or not refs:
            if len(self._unwritten) <= MAX_TRACKED:
                self._unwritten.update(refs)
            self._services.delivered.add(refs)
            self._receipts.grant(pending)
            return
        try:
            marked = self._services.acks.submit(Acked(keys[0].session_id, refs))
        except StoreUnavailable as error:
            self._on_failure(error, pending.receipt)
        else:
            marked.add_done_callback(lambda done: self._settle(pending, done))

    async def written(self) -> bool:
        """Writes the ACKs without a RECEIPT. Returns whether all of them are durable."""
        if not self._unwritten:
            return True
        if not await self._services.delivered.flush() or self._are_put_off(self._services.delivered.put_off):
            return False
        try:
            await self._services.acks.submit(NOTHING_ACKED)
        except StoreUnavailable:
            return False
        return True

    def _are_put_off(self, put_off: Collection[MessageRef]) -> bool:
        """Whether some ACKs may be among those that were put off, since their messages are locked."""
        return bool(put_off) and (len(self._unwritten) > MAX_TRACKED or not self._unwritten.isdisjoint(put_off))

    def _settle(self, pending: Pending, done: "asyncio.Future[None]") -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._receipts.grant(pending)
        else:
            self._on_failure(error if isinstance(error, Exception) else StoreUnavailable(), pending.receipt)
