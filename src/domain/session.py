"""A session: the one conversation of an unordered pair of profiles for an intent (contract, section 6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.errors import Invalid
from domain.identifiers import Intent, ProfileId, SessionId


class Pair(NamedTuple):
    """Two profiles in canonical order, so that A→B and B→A are the same pair."""

    low: ProfileId
    high: ProfileId

    @classmethod
    def of(cls, one: ProfileId, other: ProfileId) -> "Pair":
        """The canonical pair. Raises `Invalid` for a profile paired with itself."""
        if one == other:
            raise Invalid("a chat needs two different profiles", field="toEmail")
        # bytes order, which is PostgreSQL's order of uuid as well: the CHECK in the schema agrees
        return cls(one, other) if one.bytes < other.bytes else cls(other, one)


@dataclass(frozen=True, slots=True)
class ChatSession:
    id: SessionId
    pair: Pair
    intent: Intent
    created_at: datetime

    def has(self, profile: ProfileId) -> bool:
        return profile in self.pair

    def peer_of(self, profile: ProfileId) -> ProfileId:
        """The other one; `profile` must be a participant."""
        low, high = self.pair
        return high if profile == low else low
