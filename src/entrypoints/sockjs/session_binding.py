"""Binds a session to its client.

The client chooses the id of its session, and proxies log it, so that the id alone must not open the session. Browsers
cannot add a header to EventSource, JSONP or a form, and the token comes in CONNECT, inside the session. So a session is
bound to what its first request has shown: the token of a user, the cookie of the load balancer, the origin of the page.
Each later request must show the same. When the first request shows nothing, the id is the secret, as SockJS has it
("must be a random string").
"""

from dataclasses import dataclass

from application.ports.tokens import TokenVerifier
from application.wire.bearer import bearer_token
from domain.errors import ChatError
from entrypoints.sockjs.headers import STICKY_COOKIE
from entrypoints.sockjs.request import Request


@dataclass(slots=True)
class SessionBinding:
    """What the first request has shown, or None and empty. `authorization` is the last header of `user`."""

    authorization: str
    user: str | None
    cookie: str | None
    origin: str | None


async def bind_session(request: Request, tokens: TokenVerifier) -> SessionBinding:
    """Binds a new session to its request. A header with an invalid token must be repeated unchanged."""
    authorization = request.headers.get("authorization", "")
    return SessionBinding(
        authorization,
        await _user(authorization, tokens),
        request.cookie(STICKY_COOKIE),
        request.headers.get("origin"),
    )


async def may_use_session(binding: SessionBinding, request: Request, tokens: TokenVerifier) -> bool:
    """Whether the request shows what the first one has shown. A new token of the same user is accepted, too."""
    if binding.cookie is not None and request.cookie(STICKY_COOKIE) != binding.cookie:
        return False
    # browsers omit the origin in some GETs, so that only another one is refused
    if binding.origin is not None and request.headers.get("origin", binding.origin) != binding.origin:
        return False
    authorization = request.headers.get("authorization", "")
    if authorization == binding.authorization or not binding.authorization:
        return True
    user = await _user(authorization, tokens)
    if user is None or user != binding.user:
        return False
    binding.authorization = authorization
    return True


async def _user(authorization: str, tokens: TokenVerifier) -> str | None:
    if not authorization:
        return None
    try:
        return (await tokens.verify(bearer_token(authorization))).name
    except ChatError:
        return None
