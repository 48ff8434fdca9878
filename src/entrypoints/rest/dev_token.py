"""`POST /dev/token`: a token for any e-mail. There is no such path where tokens come from an issuer."""

from datetime import datetime, timedelta

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from application.ports.clock import Clock
from domain.errors import NotYourself
from domain.identifiers import parse_email
from entrypoints.dev_tokens import make_token
from entrypoints.rest.json_body import JsonBody
from entrypoints.settings import Settings

LIFETIME = timedelta(hours=1)


class DevTokenRequest(msgspec.Struct, frozen=True):
    email: str


class DevToken(msgspec.Struct, frozen=True, rename="camel"):
    token: str
    email: str
    expires_at: datetime


def dev_token(settings: Settings, clock: Clock) -> HTTPRouteHandler:
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
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise NotYourself("tokens are not made for other sites' pages")
        email, now = parse_email(data.email), clock.now()
        return DevToken(make_token(settings, email, LIFETIME, now), email, now + LIFETIME)

    return token
