"""Blocks in memory."""

from collections.abc import Collection, Sequence

from adapters.memory.store.contents import InMemoryStore
from application.ports.blocks import Blocking
from application.ports.changes.message_changes import Operation
from domain.blocks import MAX_BLOCKS, TOO_MANY, Block, Scope
from domain.errors import Invalid, ProfileNotFound
from domain.identifiers import ProfileId

_Key = tuple[ProfileId, ProfileId]


class InMemoryBlockRepository:
    """Keeps blocks in an in-memory store. Nothing here awaits, so each call is a transaction."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def block(self, who: Blocking, scope: Scope | None, operation: Operation | None = None) -> Sequence[Block]:
        """See `BlockRepository.block`."""
        store = self._store
        sides = sorted(
            side
            for session in store.sessions.values()
            for side in session.pair
            if side in who.mine and session.peer_of(side) == who.target
        )
        if not sides:
            raise ProfileNotFound
        if store.is_repeated(operation):
            return []
        changed = self._ended(who) if scope is None else self._made((sides[0], who.target), scope, who)
        store.remember(operation)
        self._apply(who)
        return changed

    async def page(self, mine: Collection[ProfileId], after: ProfileId | None, limit: int) -> Sequence[Block]:
        """See `BlockRepository.page`."""
        found = [block for block in self._of(mine) if block.scope is not None]
        found = [block for block in found if after is None or block.profile_id > after]
        return sorted(found, key=lambda block: block.profile_id)[:limit]

    async def changed(self, mine: Collection[ProfileId], since: int) -> Sequence[Block]:
        """See `BlockRepository.changed`."""
        numbers = self._store.changed_blocks
        found = [key for key in self._store.blocks if key[0] in mine and numbers[key] >= since]
        blocks = [self._store.blocks[key] for key in sorted(found, key=lambda key: numbers[key])]
        return [block for block in blocks if since or block.scope is not None]

    def _of(self, mine: Collection[ProfileId]) -> list[Block]:
        return [block for (blocker, _), block in self._store.blocks.items() if blocker in mine]

    def _made(self, key: _Key, scope: Scope, who: Blocking) -> Sequence[Block]:
        others = [block for block in self._of(who.mine) if block.scope is not None and block.profile_id != who.target]
        if len(others) >= MAX_BLOCKS:
            raise Invalid(TOO_MANY, field="profileId")
        known = self._store.blocks.get(key)
        if known is not None and known.scope is scope:
            return []
        is_new = known is None or known.scope is None
        blocked_at = self._store.clock.now() if known is None or is_new else known.blocked_at
        return [self._put(key, Block(who.target, scope, blocked_at))]

    def _ended(self, who: Blocking) -> Sequence[Block]:
        return [
            self._put((blocker, blocked), block._replace(scope=None))
            for (blocker, blocked), block in list(self._store.blocks.items())
            if blocker in who.mine
            and (
                (blocked == who.target and block.scope is not None)
                or (blocked in who.theirs and block.scope is Scope.ALL)
            )
        ]

    def _put(self, key: _Key, block: Block) -> Block:
        self._store.changes += 1
        self._store.blocks[key], self._store.changed_blocks[key] = block, self._store.changes
        return block

    def _apply(self, who: Blocking) -> None:
        store = self._store
        store.emails.update(dict.fromkeys(who.mine, who.email))
        for session in store.sessions.values():
            for side in session.pair:
                if side in who.mine and session.peer_of(side) in who.theirs:
                    if self._blocks(who, side, session.peer_of(side)):
                        store.blocked_at.setdefault((side, session.id), store.clock.now())
                    else:
                        store.blocked_at.pop((side, session.id), None)
                    store.freeze(session)

    def _blocks(self, who: Blocking, side: ProfileId, peer: ProfileId) -> bool:
        return any(
            block.scope is Scope.ALL or (block.scope is not None and (blocker, blocked) == (side, peer))
            for (blocker, blocked), block in self._store.blocks.items()
            if blocker in who.mine and blocked in who.theirs
        )
