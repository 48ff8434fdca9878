"""Counts HTTP requests by route, method and status, and their times."""

from bisect import bisect_left
from collections import Counter, defaultdict
from time import monotonic

from application.diagnostics.counters import Counters
from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The inclusive upper bounds of the buckets, in seconds."""

REFUSAL = "chat_refusal"
"""The key in the ASGI scope for the code of a refusal."""

OTHER = "other"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpTimes:
    """Counts requests. Labels are route templates and our own statuses, so that clients cannot make labels."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self.requests: Counter[tuple[str, str, str]] = Counter()
        """Requests by route, method and status."""
        self.counts: dict[tuple[str, str], list[int]] = {}
        """Requests in each bucket, and one more bucket for longer times, by route and method."""
        self.totals: dict[tuple[str, str], float] = defaultdict(float)
        """The sum of all times in seconds, by route and method."""

    def measured(self, app: AsgiApp) -> AsgiApp:
        """Wraps `app`, and counts all its HTTP requests."""

        async def measure(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status = "none"

            async def send_and_see(event: Event) -> None:
                nonlocal status
                if event["type"] == "http.response.start":
                    status = str(event["status"])
                await send(event)

            start = monotonic()
            try:
                await app(scope, receive, send_and_see)
            finally:
                self._answered(scope, status, monotonic() - start)

        return measure

    def _answered(self, scope: Scope, status: str, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        route = scope.get("path_template") or OTHER
        self.requests[route, method, status] += 1
        counts = self.counts.setdefault((route, method), [0] * (len(BUCKETS) + 1))
        counts[bisect_left(BUCKETS, seconds)] += 1
        self.totals[route, method] += seconds
        if (code := scope.get(REFUSAL)) is not None:
            self._counters.refusals["http", code] += 1
