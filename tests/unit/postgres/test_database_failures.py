"""What a failure of the database is called, and whether clients should be sent elsewhere for it."""

import errno

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from adapters.postgres.connection.failures import Effect, failure_of
from entrypoints.observability.readiness import not_ready_reason

FAILURES: list[tuple[BaseException, Effect, str]] = [
    (asyncpg.DiskFullError(""), Effect.UNWRITABLE, "disk is full"),
    (asyncpg.ReadOnlySQLTransactionError(""), Effect.UNWRITABLE, "read-only"),
    (asyncpg.InvalidPasswordError(""), Effect.REFUSED, "user or password"),
    (asyncpg.InvalidCatalogNameError(""), Effect.REFUSED, "no database of that name"),
    (asyncpg.InsufficientPrivilegeError(""), Effect.REFUSED, "may not do"),
    (asyncpg.TooManyConnectionsError(""), Effect.BUSY, "no more connections"),
    (TimeoutError(), Effect.AWAY, "in time"),
    (asyncpg.AdminShutdownError(""), Effect.AWAY, "shutting down"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), Effect.AWAY, "ECONNREFUSED"),
    (OSError(errno.EMFILE, "Too many open files"), Effect.REFUSED, "file descriptor"),
]


@pytest.mark.parametrize(("error", "effect", "cause"), FAILURES)
def test_a_failure_has_an_effect_and_a_cause_in_plain_words(error: BaseException, effect: Effect, cause: str) -> None:
    failure = failure_of(error)
    assert failure is not None
    assert failure.effect is effect
    assert cause in failure.cause


def test_the_error_of_the_driver_is_found_in_the_wrapper() -> None:
    failure = failure_of(DBAPIError("INSERT …", None, asyncpg.DiskFullError("")))
    assert failure is not None
    assert failure.effect is Effect.UNWRITABLE


def test_a_mistake_in_a_statement_is_no_outage() -> None:
    assert failure_of(asyncpg.UndefinedColumnError("")) is None


@pytest.mark.parametrize(
    ("error", "holds_sends", "is_ready"),
    [
        (asyncpg.DiskFullError(""), True, False),
        (asyncpg.ReadOnlySQLTransactionError(""), True, False),
        (asyncpg.InvalidPasswordError(""), True, False),
        (ConnectionRefusedError(), True, True),
        (ConnectionRefusedError(), False, False),
        (asyncpg.TooManyConnectionsError(""), False, True),
    ],
)
def test_clients_are_sent_elsewhere_only_when_that_may_help(
    error: BaseException, holds_sends: bool, is_ready: bool
) -> None:
    assert (not_ready_reason(failure_of(error), holds_sends=holds_sends) is None) is is_ready


def test_without_a_failure_clients_may_come() -> None:
    assert not_ready_reason(None, holds_sends=False) is None
