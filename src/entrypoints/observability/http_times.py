"""How many HTTP requests were answered, how, and how long it took, by route."""

from bisect import bisect_left
from collections import Counter, defaultdict
from time import perf_counter

from application.diagnostics.counters import Counters
from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds, inclusive."""

REFUSAL = "chat_refusal"
"""The key of the scope under which whoever refuses a request leaves the code."""

OTHER = "other"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpTimes:
    """Routes are templates of the router and statuses are ours, so that no stranger makes a label."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self.requests: Counter[tuple[str, str, str]] = Counter()
        """By route, method and status."""
        self.counts: dict[tuple[str, str], list[int]] = {}
        """By route and method, one place more than `BUCKETS` has, for the rest."""
        self.totals: dict[tuple[str, str], float] = defaultdict(float)
        """Seconds by route and method."""

    def measured(self, app: AsgiApp) -> AsgiApp:
        """`app`, every HTTP request of which is counted."""

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

            start = perf_counter()
            try:
                await app(scope, receive, send_and_see)
            finally:
                self._answered(scope, status, perf_counter() - start)

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
