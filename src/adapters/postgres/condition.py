"""The condition of a database: what it cannot do at the moment, noticed by every call and ended by a watch."""

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.failures import Effect, Failure
from application.diagnostics.outage import Outage

OPTION = "chat_condition"

_DETAILS = {
    Effect.AWAY: "the database is away",
    Effect.REFUSED: "the database is away",
    Effect.UNWRITABLE: "the database takes no writes",
    Effect.BUSY: "the database is too busy",
}


class Condition:
    """`name` is how the log calls the database."""

    def __init__(self, name: str) -> None:
        self._outage = Outage(name)
        self._failure: Failure | None = None
        self.failures = 0
        """Counted since the start."""

    @property
    def failure(self) -> Failure | None:
        """The last one of the outage that lasts."""
        return self._failure

    def failed(self, failure: Failure) -> str:
        """What to tell a client."""
        self._failure = failure
        self.failures += 1
        self._outage.begin(failure.cause)
        return _DETAILS[failure.effect]

    def works(self) -> None:
        self._failure = None
        self._outage.end()


def condition_of(engine: AsyncEngine) -> Condition:
    """The one that was given to `create_engine`, or made there."""
    condition: Condition = engine.get_execution_options()[OPTION]
    return condition
