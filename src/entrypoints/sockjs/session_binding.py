"""Whose a session is: its id is chosen by the client and goes through logs of proxies, so that it alone opens nothing.

A browser can put no header on EventSource, JSONP or a form, and its token comes in CONNECT, inside the session. So a
session is bound to what its first request did show: a user's token, the load balancer's cookie, the page's origin.
Each of them, once shown, is asked of every request that follows; without any the id itself is the secret, as SockJS
has it ("must be a random string").
"""

from dataclasses import dataclass

from application.ports.tokens import TokenVerifier
from application.wire.bearer import bearer_token
from domain.errors import ChatError
from entrypoints.sockjs.headers import STICKY_COOKIE
from entrypoints.sockjs.request import Request


@dataclass(slots=True)
class Owner:
    """`authorization` is the last header seen of `user`; None and empty are what was not shown."""

    authorization: str
    user: str | None
    cookie: str | None
    origin: str | None


async def owner_of(request: Request, tokens: TokenVerifier) -> Owner:
    """The owner of a new session. A header whose token is not valid still has to be repeated as it is."""
    authorization = request.headers.get("authorization", "")
    return Owner(
        authorization,
        await _user(authorization, tokens),
        request.cookie(STICKY_COOKIE),
        request.headers.get("origin"),
    )


async def is_owner(owner: Owner, request: Request, tokens: TokenVerifier) -> bool:
    """Whether the request shows what the session's first one did; a renewed token of the same user will do."""
    if owner.cookie is not None and request.cookie(STICKY_COOKIE) != owner.cookie:
        return False
    # browsers leave it out of some GETs, so that only another page's is a stranger's
    if owner.origin is not None and request.headers.get("origin", owner.origin) != owner.origin:
        return False
    authorization = request.headers.get("authorization", "")
    if authorization == owner.authorization or not owner.authorization:
        return True
    user = await _user(authorization, tokens)
    if user is None or user != owner.user:
        return False
    owner.authorization = authorization
    return True


async def _user(authorization: str, tokens: TokenVerifier) -> str | None:
    if not authorization:
        return None
    try:
        return (await tokens.verify(bearer_token(authorization))).name
    except ChatError:
        return None
