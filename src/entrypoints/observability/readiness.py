"""Decides when a load balancer should send new clients to other instances."""

from adapters.postgres.connection.failures import Effect, Failure


def not_ready_reason(failure: Failure | None, *, holds_sends: bool) -> str | None:
    """Why new clients should connect to another instance. None when this one is as good as any other.

    Not ready while the database takes no writes or refuses this instance: another instance may have another database.
    While the database is away, it is away for all: ready with a broker that holds the sends (`holds_sends`), otherwise
    not. Ready while the database is only busy.
    """
    if failure is None or failure.effect is Effect.BUSY:
        return None
    if failure.effect is Effect.AWAY and holds_sends:
        return None
    return f"the database: {failure.cause}"
