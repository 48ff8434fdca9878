"""ACKs: each marks messages as delivered, a moment later or, where a RECEIPT is asked for, durably before it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.stomp.receipts import Pending, Receipts
from adapters.stomp.services import StompServices
from application.ports.push import MessageKey
from domain.errors import StoreUnavailable
from domain.principal import Principal

if TYPE_CHECKING:
    import asyncio


class Acks:
    """`on_failure` ends the connection: it cannot be told that its ACKs are durable."""

    def __init__(
        self, services: StompServices, receipts: Receipts, on_failure: Callable[[Exception, str | None], None]
    ) -> None:
        self._services = services
        self._receipts = receipts
        self._on_failure = on_failure
        self._unwritten = False

    def take(self, principal: Principal, tags: tuple[object, ...], pending: Pending) -> None:
        """The messages of others among `tags` were delivered; `pending` is the frame that said so."""
        ids = [tag.id for tag in tags if isinstance(tag, MessageKey) and tag.sender_email != principal.name]
        if not pending.is_asked_for or not ids:
            self._unwritten = self._unwritten or bool(ids)
            self._services.delivered.add(ids)
            self._receipts.grant(pending)
            return
        try:
            marked = self._services.acks.submit(ids)
        except StoreUnavailable as error:
            self._on_failure(error, pending.receipt)
        else:
            marked.add_done_callback(lambda done: self._settle(pending, done))

    async def written(self) -> bool:
        """Whether those without a RECEIPT are in the store."""
        return not self._unwritten or await self._services.delivered.flush()

    def _settle(self, pending: Pending, done: "asyncio.Future[None]") -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._receipts.grant(pending)
        else:
            self._on_failure(error if isinstance(error, Exception) else StoreUnavailable(), pending.receipt)
