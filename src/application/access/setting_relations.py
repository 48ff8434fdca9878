"""What two participants of a session show each other, by their settings and blocks (contract, sections 15 and 16)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cachetools import LRUCache

from application.ports.clock import Clock
from application.ports.showing import ShowingRepository
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile
from domain.rules.telling import BlockedViewer, Passing, Relation
from domain.showing import EVERYTHING, Showing
from domain.standing import Standing

MAX_AGE: Final = timedelta(seconds=10)
REMEMBERED: Final = 50_000
"""Users whose settings are remembered."""

Delay = Callable[[ProfileId, ProfileId, datetime], timedelta]
"""How long after a block its subject seems to be there still. Takes viewer, subject and the time of the block."""


class _Known(NamedTuple):
    settings: Mapping[Intent | None, Showing]
    until: datetime


class SettingsRelations:
    """Implements the port `Relations`. Remembers settings for `MAX_AGE`."""

    def __init__(self, showing: ShowingRepository, clock: Clock, delay: Delay) -> None:
        self._showing = showing
        self._delay = delay
        self._clock = clock
        self._known: LRUCache[Email, _Known] = LRUCache(REMEMBERED)

    async def between(self, kind: Passing, viewer: Profile, subject: Profile, standing: Standing) -> Relation:
        """See `Relations.between`."""
        blocked_at = standing.blocks.get(subject.id)
        return Relation(
            await self._shows(kind, viewer),
            await self._shows(kind, subject),
            viewer.id in standing.blocks,
            None
            if blocked_at is None
            else BlockedViewer(blocked_at, blocked_at + self._delay(viewer.id, subject.id, blocked_at)),
        )

    async def _shows(self, kind: Passing, profile: Profile) -> bool:
        known = self._known.get(profile.email)
        if known is None or self._clock.now() >= known.until:
            settings = await self._showing.of(profile.email) if profile.email else {}
            known = self._known[profile.email] = _Known(settings, self._clock.now() + MAX_AGE)
        showing = known.settings.get(profile.intent, known.settings.get(None, EVERYTHING))
        return showing.typing if kind is Passing.TYPING else showing.presence
