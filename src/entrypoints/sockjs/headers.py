"""The headers that SockJS asks for: caching, CORS, and the cookie of sticky load balancers."""

from email.utils import formatdate
from time import time
from typing import Final

from entrypoints.sockjs.request import Request

YEAR: Final = 31_536_000
STICKY_COOKIE: Final = "JSESSIONID"


def never_cached() -> dict[str, str]:
    return {"cache-control": "no-store, no-cache, no-transform, must-revalidate, max-age=0"}


def cached_for_a_year() -> dict[str, str]:
    return {"cache-control": f"public, max-age={YEAR}", "expires": formatdate(time() + YEAR, usegmt=True)}


def cors(request: Request) -> dict[str, str]:
    """For an origin that is allowed: it is echoed, because a browser sends cookies to no `*`."""
    origin = request.headers.get("origin")
    headers = {"access-control-allow-origin": origin or "*", "vary": "Origin"}
    if origin:
        headers["access-control-allow-credentials"] = "true"
    if asked := request.headers.get("access-control-request-headers"):
        headers["access-control-allow-headers"] = asked
    return headers


def preflight(methods: str) -> dict[str, str]:
    return cached_for_a_year() | {"access-control-allow-methods": methods, "access-control-max-age": str(YEAR)}


def sticky_cookie(request: Request) -> dict[str, str]:
    """Some load balancers pin a client to an instance only when they see this cookie set."""
    return {"set-cookie": f"{STICKY_COOKIE}={request.cookie(STICKY_COOKIE) or 'dummy'}; path=/"}
