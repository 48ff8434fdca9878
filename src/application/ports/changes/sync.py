"""The port that tells what has changed since a position (contract, section 12)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from domain.identifiers import ProfileId, SessionId
from domain.message import Message


class Position(NamedTuple):
    """Every change whose number is below `number` is committed. Numbers of another `epoch` mean nothing here."""

    epoch: str
    number: int


@dataclass(frozen=True, slots=True)
class SessionMarks:
    """How far the peer of `reader` has got, and `own_seen_to`, how far the reader has. No mark goes back."""

    session_id: SessionId
    reader: ProfileId
    peer: ProfileId
    delivered_to: int
    seen_to: int
    own_seen_to: int


class SyncStore(Protocol):
    """Reads the present state of what has changed. All methods ask the primary, and raise `Unavailable`."""

    async def position(self) -> Position:
        """The position of now. What is committed later has a number that is not below it."""
        ...

    async def sessions(
        self, readers: Collection[ProfileId], since: int, after: SessionId | None, limit: int
    ) -> Sequence[SessionMarks]:
        """The first `limit` sessions of any of `readers` that have changed since, by id, after `after`."""
        ...

    async def messages(
        self,
        readers: Collection[ProfileId],
        since: int,
        after: tuple[SessionId, int] | None,
        limit: int,
        last: int | None = None,
    ) -> Sequence[Message]:
        """The first `limit` messages that have changed since or are new, by (session, seq), after `after`.

        Of each session only the `last` ones. Reads what has changed, and no other message.
        """
        ...
