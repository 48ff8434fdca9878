"""The four endpoints for the public SockJS protocol tests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.stomp.transport import Close, CloseReason, Transport
from entrypoints.asgi.sockets import Application, Client
from entrypoints.sockjs.endpoint import SockJsSettings

_GO_AWAY: Final = Close(3000, "Go away!")


class Echo:
    """Sends back what it receives, even when the client does not read. Only for tests."""

    def __init__(self, transport: Transport, _: Client) -> None:
        self._transport = transport
        self._is_open = True

    def received(self, data: str | bytes) -> None:
        """Sends a message back."""
        if self._is_open:
            self._transport.send(data if isinstance(data, str) else data.decode())

    def oversized(self) -> None:
        """Closes the connection."""
        self._close(CloseReason.TOO_LARGE.value)

    def writable(self) -> None:
        """Does nothing."""

    def lost(self) -> None:
        """Does nothing."""
        self._is_open = False

    def _close(self, close: Close) -> None:
        if self._is_open:
            self._is_open = False
            self._transport.close(close)


class Leave(Echo):
    """Closes the connection at once."""

    def __init__(self, transport: Transport, client: Client) -> None:
        super().__init__(transport, client)
        self._close(_GO_AWAY)


def protocol_test_endpoints(settings: SockJsSettings) -> Mapping[str, tuple[Application, SockJsSettings]]:
    """The application and settings of each path. Streaming answers are short, as the tests expect."""
    settings = replace(settings, limits=replace(settings.limits, response=4_096))
    return {
        "/echo": (Echo, settings),
        "/disabled_websocket_echo": (Echo, replace(settings, websocket=False)),
        "/cookie_needed_echo": (Echo, replace(settings, cookie_needed=True)),
        "/close": (Leave, settings),
    }
