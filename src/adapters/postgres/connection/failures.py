"""What PostgreSQL's failures mean for the service, with their causes in plain words."""

import errno
from enum import Enum, auto
from typing import NamedTuple

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Effect(Enum):
    """What a failure means for the service."""

    AWAY = auto()
    """It does not answer. It may be away for every instance."""
    REFUSED = auto()
    """It answers, and does not let this instance in."""
    UNWRITABLE = auto()
    """It can be read, and takes no writes."""
    BUSY = auto()
    """It has more to do than it can."""
    LOCKED = auto()
    """Somebody else holds the lock that a statement waits for. Other statements work, on the same connection too."""


class Failure(NamedTuple):
    """A failure of the database. `cause` is for the log, in plain words."""

    effect: Effect
    cause: str


_Kinds = tuple[type[BaseException], ...]

# The first that fits counts: some are subclasses of later ones.
_FAILURES: tuple[tuple[_Kinds, Failure], ...] = (
    ((asyncpg.DiskFullError,), Failure(Effect.UNWRITABLE, "its disk is full, so that it takes no writes (53100)")),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        Failure(Effect.UNWRITABLE, "it is read-only, as a standby is, so that it takes no writes (25006)"),
    ),
    ((asyncpg.TooManyConnectionsError,), Failure(Effect.BUSY, "it takes no more connections (53300)")),
    ((asyncpg.InsufficientResourcesError,), Failure(Effect.BUSY, "it is short of memory or of another resource (53)")),
    ((PoolTimeout,), Failure(Effect.BUSY, "all connections of the pool are in use (CHAT_DATABASE_POOL_SIZE)")),
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        Failure(Effect.REFUSED, "it refuses our user or password (28)"),
    ),
    ((asyncpg.InvalidCatalogNameError,), Failure(Effect.REFUSED, "it has no database of that name (3D000)")),
    (
        (asyncpg.InsufficientPrivilegeError,),
        Failure(Effect.REFUSED, "our user may not do what the service has to (42501)"),
    ),
    ((asyncpg.LockNotAvailableError,), Failure(Effect.LOCKED, "somebody else holds a lock for too long (55P03)")),
    (
        (asyncpg.IdleInTransactionSessionTimeoutError,),
        Failure(Effect.AWAY, "it has ended a transaction of ours that stood still (25P03)"),
    ),
    ((asyncpg.QueryCanceledError, TimeoutError), Failure(Effect.AWAY, "it does not answer in time")),
    (
        # shut down, crashed, cannot connect now
        (asyncpg.OperatorInterventionError,),
        Failure(Effect.AWAY, "it is shutting down or starting"),
    ),
    (
        (
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,  # the server has said goodbye on it, and the end has not come yet
        ),
        Failure(Effect.AWAY, "the connection to it was lost"),
    ),
    ((OSError,), Failure(Effect.AWAY, "it cannot be reached")),
)

FAILURES: _Kinds = tuple(kind for kinds, failure in _FAILURES if failure.effect is not Effect.LOCKED for kind in kinds)
"""The exceptions that make the database unavailable. The same work may succeed later."""


def failure_of(error: BaseException) -> Failure | None:
    """What `error` means. None when it is no outage, but a mistake in a statement or a refused value."""
    error = _innermost(error)
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return Failure(Effect.REFUSED, "there is no file descriptor left to connect with (ulimit -n)")
    found = next((failure for kinds, failure in _FAILURES if isinstance(error, kinds)), None)
    if found is not None and isinstance(error, OSError) and error.strerror and not isinstance(error, TimeoutError):
        return Failure(found.effect, f"{found.cause} ({_reason(error)})")
    return found


def _reason(error: OSError) -> str:
    """The name of the error. Its `strerror` is not used, since asyncio repeats the address in it."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


def _innermost(error: BaseException) -> BaseException:
    """What the driver said, beneath what SQLAlchemy wrapped around it."""
    while type(error).__module__.startswith("sqlalchemy"):
        inner: BaseException | None = error.__cause__ or getattr(error, "orig", None)
        if inner is None:
            break
        error = inner
    return error
