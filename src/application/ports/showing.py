"""The port for what users show of themselves."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from application.ports.changes.message_changes import Operation
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.profile import Profile
from domain.showing import MAX_INTENTS, Hidden, Showing

TOO_MANY: Final = f"there are settings of {MAX_INTENTS} intents already"


class Side(NamedTuple):
    """One side of a session."""

    reader: ProfileId
    session_id: SessionId


class ShowingRepository(Protocol):
    """Stores settings, and what they hide in each session. All methods raise `Unavailable`."""

    async def of(self, email: Email) -> Mapping[Intent | None, Showing]:
        """The settings of a user: for all intents (None), and for those that have their own."""
        ...

    async def hidden(self, session_ids: Collection[SessionId]) -> Mapping[SessionId, Hidden]:
        """What either of the two hides in each of the sessions. Leaves out unknown ones."""
        ...

    async def store(
        self,
        email: Email,
        profiles: Collection[Profile],
        intent: Intent | None,
        showing: Showing,
        operation: Operation | None = None,
    ) -> Sequence[Side]:
        """Stores the settings for an intent, or for all that have none of their own. Durable on return.

        `profiles` are those of the user. From then on they hold in each of their sessions; returns those sides in
        which that is new. A session that is opened at the same time has them as well (`SessionRepository`). A repeat
        of an `operation` within `OPERATIONS_KEPT` changes nothing. Raises what `Operation.repeats` raises, and
        `Invalid` for an intent more than `MAX_INTENTS`.
        """
        ...
