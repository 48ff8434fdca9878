"""The port for blocks."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from application.ports.changes.message_changes import Operation
from domain.blocks import Block, Scope
from domain.identifiers import Email, ProfileId


class Blocking(NamedTuple):
    """Who blocks whom: the user `email` with the profiles `mine` blocks the profile `target`.

    `theirs` are the profiles of the target's person, `target` among them.
    """

    email: Email
    mine: Collection[ProfileId]
    target: ProfileId
    theirs: Collection[ProfileId]


class BlockRepository(Protocol):
    """Stores blocks, and applies them to sessions (`SessionRepository.standings`). All methods raise `Unavailable`."""

    async def block(self, who: Blocking, scope: Scope | None, operation: Operation | None = None) -> Sequence[Block]:
        """Blocks, or without a scope ends all that blocks the target. Returns what is new. Durable on return.

        With `Scope.ALL` it holds in every session of the two people, also in one that is opened at the same time, else
        in their sessions as these profiles. What gets its `seq` in them after the commit is withheld. A repeat of an
        `operation` within `OPERATIONS_KEPT` changes nothing. Raises `ProfileNotFound` when the target is no peer in a
        session of `mine`, `Invalid` for a block more than `MAX_BLOCKS`, and what `Operation.repeats` raises.
        """
        ...

    async def page(self, mine: Collection[ProfileId], after: ProfileId | None, limit: int) -> Sequence[Block]:
        """The first `limit` blocks of the user, by profile, after `after`."""
        ...

    async def changed(self, mine: Collection[ProfileId], since: int) -> Sequence[Block]:
        """The blocks that were made or ended since a position (`SyncStore`); since 0, those that hold."""
        ...
