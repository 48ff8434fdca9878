"""Sessions: two profiles and an intent have one conversation (contract, section 6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.errors import Invalid
from domain.identifiers import Intent, ProfileId, SessionId


class Pair(NamedTuple):
    """Two profiles in canonical order: A with B and B with A give the same pair."""

    low: ProfileId
    high: ProfileId

    @classmethod
    def of(cls, first: ProfileId, second: ProfileId) -> "Pair":
        """The pair of two profiles. Raises `Invalid` when they are the same profile."""
        if first == second:
            raise Invalid("a chat needs two different profiles", field="toEmail")
        # PostgreSQL compares uuids by bytes too, and the schema has a CHECK for this order
        return cls(first, second) if first.bytes < second.bytes else cls(second, first)


@dataclass(frozen=True, slots=True)
class ChatSession:
    """The conversation of a pair of profiles for an intent."""

    id: SessionId
    pair: Pair
    intent: Intent
    created_at: datetime

    def has(self, profile: ProfileId) -> bool:
        """Whether `profile` takes part in this session."""
        return profile in self.pair

    def peer_of(self, profile: ProfileId) -> ProfileId:
        """The other participant. `profile` must be one of the two."""
        low, high = self.pair
        return high if profile == low else low
