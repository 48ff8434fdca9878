"""HTTP requests are counted by route, method, status and the code of a refusal, with labels that no stranger makes."""

from typing import Any

from application.diagnostics.counters import Counters
from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.observability.http_times import REFUSAL, HttpTimes


async def _receive() -> Any: ...


async def _send(_: Any) -> None: ...


async def _answered(times: HttpTimes, method: str, status: int, route: str | None, refusal: str | None) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if route is not None:
            scope["path_template"] = route
        if refusal is not None:
            scope[REFUSAL] = refusal
        await send({"type": "http.response.start", "status": status})

    await times.measured(app)({"type": "http", "method": method, "path": "/x"}, _receive, _send)


async def test_requests_are_counted_by_the_template_of_their_route() -> None:
    times = HttpTimes(Counters())
    for _ in range(2):
        await _answered(times, "GET", 200, "/api/chat/{session_id}/history", None)
    assert times.requests == {("/api/chat/{session_id}/history", "GET", "200"): 2}
    assert sum(times.counts["/api/chat/{session_id}/history", "GET"]) == 2
    assert times.totals["/api/chat/{session_id}/history", "GET"] > 0


async def test_an_invented_path_or_method_is_no_label() -> None:
    times = HttpTimes(Counters())
    await _answered(times, "BREW", 405, None, "method-not-allowed")
    assert list(times.requests) == [("other", "other", "405")]


async def test_refusals_are_counted_by_code() -> None:
    counters = Counters()
    await _answered(HttpTimes(counters), "POST", 422, "/api/chat/init", "invalid")
    assert counters.refusals == {("http", "invalid"): 1}
