"""The headers of SockJS: caching, CORS, and the cookie for sticky load balancers."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final

from entrypoints.sockjs.request import Request

YEAR: Final = 31_536_000
STICKY_COOKIE: Final = "JSESSIONID"


def never_cached() -> dict[str, str]:
    """The headers of an answer that must not be cached."""
    return {"cache-control": "no-store, no-cache, no-transform, must-revalidate, max-age=0"}


def cached_for_a_year(now: datetime) -> dict[str, str]:
    """The headers of an answer that never changes."""
    expires = format_datetime(now + timedelta(seconds=YEAR), usegmt=True)
    return {"cache-control": f"public, max-age={YEAR}", "expires": expires}


def cors(request: Request) -> dict[str, str]:
    """The headers for an allowed origin. Repeats the origin, as browsers send no cookies for `*`."""
    origin = request.headers.get("origin")
    headers = {"access-control-allow-origin": origin or "*", "vary": "Origin"}
    if origin:
        headers["access-control-allow-credentials"] = "true"
    if asked := request.headers.get("access-control-request-headers"):
        headers["access-control-allow-headers"] = asked
    return headers


def preflight(methods: str, now: datetime) -> dict[str, str]:
    """The headers of the answer to a preflight request."""
    return cached_for_a_year(now) | {"access-control-allow-methods": methods, "access-control-max-age": str(YEAR)}


def sticky_cookie(request: Request) -> dict[str, str]:
    """The cookie. Some load balancers pin a client to an instance only when they see it."""
    return {"set-cookie": f"{STICKY_COOKIE}={request.cookie(STICKY_COOKIE) or 'dummy'}; path=/"}
