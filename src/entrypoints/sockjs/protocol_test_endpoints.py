"""The four endpoints of the public SockJS protocol tests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.stomp.transport import Close, CloseReason, Transport
from entrypoints.asgi.sockets import Application, Client
from entrypoints.sockjs.endpoint import SockJsSettings

_SETTINGS: Final = SockJsSettings(SockJsLimits(response=4_096))
_GO_AWAY: Final = Close(3000, "Go away!")


class Echo:
    """Sends back what it receives, however slowly it is read: it is there for tests alone."""

    def __init__(self, transport: Transport, _: Client) -> None:
        self._transport = transport
        self._is_open = True

    def received(self, data: str | bytes) -> None:
        if self._is_open:
            self._transport.send(data if isinstance(data, str) else data.decode())

    def oversized(self) -> None:
        self._close(CloseReason.TOO_LARGE.value)

    def writable(self) -> None:
        """It waits for nothing."""

    def lost(self) -> None:
        self._is_open = False

    def _close(self, close: Close) -> None:
        if self._is_open:
            self._is_open = False
            self._transport.close(close)


class Leave(Echo):
    """Says goodbye at once."""

    def __init__(self, transport: Transport, client: Client) -> None:
        super().__init__(transport, client)
        self._close(_GO_AWAY)


TEST_ENDPOINTS: Final[Mapping[str, tuple[Application, SockJsSettings]]] = {
    "/echo": (Echo, _SETTINGS),
    "/disabled_websocket_echo": (Echo, replace(_SETTINGS, websocket=False)),
    "/cookie_needed_echo": (Echo, replace(_SETTINGS, cookie_needed=True)),
    "/close": (Leave, _SETTINGS),
}
