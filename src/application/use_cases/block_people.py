"""Blocks people, and tells the blocker's devices alone (contract, section 16)."""

import logging
from collections.abc import Sequence
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from application.access.rate_limit import RateLimit
from application.access.read_limit import ReadLimit
from application.commands import BlockCommand
from application.ports.blocks import Blocking, BlockRepository
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from application.ports.push import Delivery
from application.wire.blocks import BlockPage, block_of
from application.wire.events import BlockEvent, encode_event
from application.wire.positions.block_cursor import decode_cursor, encode_cursor
from domain.blocks import Block
from domain.destination import EVENTS_QUEUE, user_destination
from domain.errors import Unavailable
from domain.identifiers import Email, ProfileId
from domain.principal import Principal

log = logging.getLogger(__name__)

MAX_PAGE: Final = 200


class BlockPeople:
    """`PUT` and `DELETE /api/chat/blocks/{profileId}`, and `GET /api/chat/blocks`."""

    def __init__(
        self,
        directory: ProfileDirectory,
        blocks: BlockRepository,
        broker: Broker,
        clock: Clock,
        rate_limit: RateLimit,
        read_limit: ReadLimit,
    ) -> None:
        self._directory = directory
        self._blocks = blocks
        self._broker = broker
        self._clock = clock
        self._rate_limit = rate_limit
        self._read_limit = read_limit

    async def __call__(self, principal: Principal, command: BlockCommand) -> None:
        """Blocks a peer in a session of the caller, or ends that. Durable on return.

        Raises `Invalid`, `RateLimited`, `NotYourself`, `ProfileNotFound`, `IdempotencyConflict`, `Unavailable`.
        """
        self._rate_limit.take(principal)
        email = principal.acting_for(command.email)
        mine = [profile.id for profile in await self._directory.of_email(email)]
        who = Blocking(email, mine, command.profile_id, await self._profiles_of(command.profile_id))
        operation = command.operation(uuid5(NAMESPACE_URL, f"mailto:{email}"))
        blocks = await self._blocks.block(who, command.scope, operation)
        if blocks:
            await self._tell(email, blocks)

    async def page(self, principal: Principal, given: Email | None, limit: int, cursor: str | None) -> BlockPage:
        """Up to `limit` of the blocks of a user that hold, after `cursor`.

        `given` is its e-mail; a user may leave it out.
        Raises `NotYourself`, `Invalid`, `RateLimited`, `Unavailable`.
        """
        with self._read_limit.reading(principal):
            email = principal.acting_for(given)
            after = None if cursor is None else decode_cursor(cursor)
            mine = [profile.id for profile in await self._directory.of_email(email)]
            found = await self._blocks.page(mine, after, limit + 1)
            blocks = found[:limit]
            known = await self._directory.get({block.profile_id for block in blocks}) if blocks else ()
            names: dict[UUID, str] = {profile.id: profile.display_name for profile in known}
            entries = [block_of(block, names.get(block.profile_id, "")) for block in blocks]
            return BlockPage(entries, encode_cursor(blocks[-1].profile_id) if len(found) > limit else None)

    async def _profiles_of(self, profile_id: ProfileId) -> Sequence[ProfileId]:
        """The profiles of the same person as far as that is known, this one first."""
        found = await self._directory.get([profile_id])
        others = await self._directory.of_email(found[0].email) if found and found[0].email else ()
        return [profile_id, *(other.id for other in others if other.id != profile_id)]

    async def _tell(self, email: Email, blocks: Sequence[Block]) -> None:
        if not self._broker.may_have_listener(EVENTS_QUEUE):
            return
        destination, now = user_destination(email, EVENTS_QUEUE), self._clock.now()
        deliveries = [Delivery(destination, encode_event(BlockEvent.of(block, now))) for block in blocks]
        try:
            await self._broker.publish(deliveries)
        except Unavailable:
            self._broker.push_here(deliveries)
            log.info("a block was told on this instance alone: the broker is away")
