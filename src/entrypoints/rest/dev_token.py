"""`POST /dev/token`: a token of any user. The path exists only when this service makes tokens."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from socket import gethostname

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from application.ports.clock import Clock
from domain.errors import NotYourself
from domain.identifiers import parse_email
from entrypoints.asgi.origins import host_name, is_of_host
from entrypoints.development.tokens import make_token
from entrypoints.rest.json_body import JsonBody
from entrypoints.settings.model import Settings

LIFETIME = timedelta(hours=1)


class DevTokenRequest(msgspec.Struct, frozen=True):
    """The user for whom to make a token."""

    email: str


class DevToken(msgspec.Struct, frozen=True, rename="camel"):
    """A token."""

    token: str
    email: str
    expires_at: datetime


def _check_page(settings: Settings, host: str, origin: str | None) -> None:
    """Refuses pages of other sites, against DNS rebinding: a browser sends the host name of the page.

    Raises `NotYourself`.
    """
    name = host_name(host) or ""
    is_local = name == "localhost" or name.endswith(".localhost")
    if not (is_local or _is_address(name) or name in (settings.host.lower(), gethostname().lower())):
        raise NotYourself("tokens are made for an address, localhost or CHAT_HOST in the Host header only")
    if origin is not None and not is_of_host(origin, host):
        raise NotYourself("tokens are not made for other origins' pages")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def dev_token(settings: Settings, clock: Clock) -> HTTPRouteHandler:
    """Makes the route."""

    @post(
        "/dev/token",
        status_code=200,
        dto=JsonBody[DevTokenRequest],
        return_dto=None,
        request_max_body_size=settings.max_frame_bytes,
        include_in_schema=False,
        sync_to_thread=True,
    )
    def token(request: Request[None, None, State], data: DevTokenRequest) -> DevToken:
        """A token of one hour for any e-mail: for trying the service out, in the `dev` and `test` profiles only."""
        _check_page(settings, request.headers.get("host", ""), request.headers.get("origin"))
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise NotYourself("tokens are not made for other sites' pages")
        email, now = parse_email(data.email), clock.now()
        return DevToken(make_token(settings, email, LIFETIME, now), email, now + LIFETIME)

    return token
