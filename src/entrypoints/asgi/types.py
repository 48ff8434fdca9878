"""The types of ASGI 3."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
MESSAGE_TOO_LARGE = "websocket.message_too_large"
"""An extension of ours: the type of the event for a message that was too large for the server."""
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers_of(scope: Scope) -> Mapping[str, str]:
    """The headers, by lower-case name."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
