"""The four endpoints of the public SockJS protocol tests."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.stomp.protocol.errors import FrameTooLarge
from adapters.stomp.transport import Close, CloseReason, Transport
from entrypoints.sockjs.application import Application, Client
from entrypoints.sockjs.endpoint import SockJsSettings

_SETTINGS: Final = SockJsSettings(SockJsLimits(response=4_096))


async def echo(transport: Transport, _: Client) -> None:
    with contextlib.suppress(OSError, RuntimeError):  # the client has gone
        try:
            while (message := await transport.receive()) is not None:
                await transport.send(message if isinstance(message, str) else message.decode())
        except FrameTooLarge:
            await transport.close(CloseReason.TOO_LARGE.value)


async def go_away(transport: Transport, _: Client) -> None:
    await transport.close(Close(3000, "Go away!"))


TEST_ENDPOINTS: Final[Mapping[str, tuple[Application, SockJsSettings]]] = {
    "/echo": (echo, _SETTINGS),
    "/disabled_websocket_echo": (echo, replace(_SETTINGS, websocket=False)),
    "/cookie_needed_echo": (echo, replace(_SETTINGS, cookie_needed=True)),
    "/close": (go_away, _SETTINGS),
}
