"""Changes what users show of themselves, and tells their own devices (contract, section 15)."""

from collections.abc import Sequence
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from application.access.rate_limit import RateLimit
from application.commands import SettingsCommand
from application.delivery.session_events import SessionEvents
from application.ports.profiles import ProfileDirectory
from application.ports.showing import ShowingRepository
from application.wire.user_settings import UserSettings, shown_settings
from domain.identifiers import Email
from domain.principal import Principal

MAX_TOLD: Final = 200
"""Sessions that are told of at once when settings have changed. A resume tells of all."""


class ChangeSettings:
    """Stores and reads settings (`PUT` and `GET /api/chat/settings`)."""

    def __init__(
        self,
        directory: ProfileDirectory,
        showing: ShowingRepository,
        events: SessionEvents,
        rate_limit: RateLimit,
    ) -> None:
        self._directory = directory
        self._showing = showing
        self._events = events
        self._rate_limit = rate_limit

    async def __call__(self, principal: Principal, command: SettingsCommand) -> None:
        """Stores settings, which hold in all sessions on return.

        Raises `Invalid`, `RateLimited`, `NotYourself`, `IdempotencyConflict`, `Unavailable`.
        """
        self._rate_limit.take(principal)
        email = principal.acting_for(command.email)
        profiles = await self._directory.of_email(email)
        operation = command.operation(uuid5(NAMESPACE_URL, f"mailto:{email}"))
        sides = await self._showing.store(email, profiles, command.intent, command.showing, operation)
        if sides:
            readers = [profile.id for profile in profiles]
            await self._events.publish_changed([side.session_id for side in sides[:MAX_TOLD]], email, readers)

    async def read(self, principal: Principal, email: Email | None) -> Sequence[UserSettings]:
        """The settings of a user: those for all intents, then those for one.

        Raises `Invalid`, `RateLimited`, `NotYourself`, `Unavailable`.
        """
        self._rate_limit.take(principal)
        return shown_settings(await self._showing.of(principal.acting_for(email)))
