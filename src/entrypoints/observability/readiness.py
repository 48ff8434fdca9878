"""When a load balancer should send new clients elsewhere, though the service runs."""

from adapters.postgres.failures import Effect, Failure


def hindrance(failure: Failure | None, *, holds_sends: bool) -> str | None:
    """Why this instance cannot do its work; None when it can do what any other could.

    A database that takes no writes or refuses this instance may be its own fault: another instance may have the right
    one. One that is away is away for all, most likely: with a broker, which `holds_sends`, clients are better off
    connected. Without a broker there is no other instance, and nothing that this one can do. A database that is merely
    busy does not get better by sending its clients elsewhere.
    """
    if failure is None or failure.effect is Effect.BUSY:
        return None
    if failure.effect is Effect.AWAY and holds_sends:
        return None
    return f"the database: {failure.cause}"
