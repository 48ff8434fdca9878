"""What a database cannot do at the moment. Every call notices it; a watch notices its end."""

import logging

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.failures import Effect, Failure
from application.diagnostics.outage import Outage
from application.diagnostics.seldom_log import SeldomLog

log = logging.getLogger(__name__)

OPTION = "chat_condition"

_DETAILS = {
    Effect.AWAY: "the database is away",
    Effect.REFUSED: "the database is away",
    Effect.UNWRITABLE: "the database takes no writes",
    Effect.BUSY: "the database is too busy",
}


class Condition:
    """The outage of one database, if there is one. The log calls the database `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._outage = Outage(name)
        self._seldom = SeldomLog(log)
        self._failure: Failure | None = None
        self.failures = 0
        """The number of failures since the start."""

    @property
    def failure(self) -> Failure | None:
        """The latest failure of the present outage, or None."""
        return self._failure

    def failed(self, failure: Failure) -> str:
        """Notes a failure, and returns the words for the client."""
        self._failure = failure
        self.failures += 1
        self._outage.begin(failure.cause)
        return _DETAILS[failure.effect]

    def locked(self, failure: Failure) -> None:
        """Logs, at most once a minute, that a statement waited for a lock in vain. That is no outage."""
        self._seldom(logging.WARNING, f"{self._name}: {failure.cause}")

    def works(self) -> None:
        """Notes that the database works: the outage is over."""
        self._failure = None
        self._outage.end()


def condition_of(engine: AsyncEngine) -> Condition:
    """The condition that `create_engine` was given, or has made."""
    condition: Condition = engine.get_execution_options()[OPTION]
    return condition
