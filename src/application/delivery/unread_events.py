"""Tells subscribers of events on this instance how much they have not read (contract, section 12)."""

import logging
from collections.abc import Mapping
from typing import Final

from application.concurrency.rounds import Rounds
from application.ports.profiles import ProfileDirectory
from application.ports.push import Delivery, Push
from application.ports.unread import UnreadRepository
from application.wire.events import UnreadEvent, encode_event
from domain.destination import EVENTS_QUEUE, user_destination
from domain.errors import Unavailable
from domain.features import Feature, Features
from domain.identifiers import Email

log = logging.getLogger(__name__)

INTERVAL: Final = 1.0
"""Seconds between two events of a user."""
SLICE: Final = 100
"""Users in one query."""


class UnreadEvents:
    """Collects the users for whom something has happened, and tells each at most once in `interval` seconds.

    Every instance tells its own connections, so that nothing is published. The users are those that subscribe.
    """

    def __init__(
        self,
        unread: UnreadRepository,
        directory: ProfileDirectory,
        push: Push,
        features: Features,
        *,
        interval: float = INTERVAL,
    ) -> None:
        self._unread = unread
        self._directory = directory
        self._push = push
        self._is_on = Feature.UNREAD in features
        self._rounds: Rounds[Email, None] = Rounds("unread events", self._tell, interval=interval, slice_size=SLICE)

    def note(self, email: Email) -> None:
        """Notes that what the user has not read may have changed."""
        if self._is_on:
            self._rounds.note(email, None)

    def start(self) -> None:
        """Starts to tell. Call it once."""
        self._rounds.start()

    async def stop(self) -> None:
        """Stops to tell. Idempotent."""
        await self._rounds.stop()

    async def _tell(self, noted: Mapping[Email, None]) -> None:
        emails = [email for email in noted if self._push.wants(user_destination(email, EVENTS_QUEUE))]
        if not emails:
            return
        try:
            people = await self._directory.of_emails(emails)
            mine = {email: [profile.id for profile in profiles] for email, profiles in people.items()}
            read = await self._unread.totals(mine)
        except Unavailable:
            log.info("%d users were not told what they have not read: the store is away", len(emails))
            return
        self._push.push(
            [
                Delivery(user_destination(email, EVENTS_QUEUE), encode_event(UnreadEvent.of(found, read.at)))
                for email, found in read.totals.items()
            ]
        )
