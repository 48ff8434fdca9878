"""Serves the application on Granian or uvicorn."""

import asyncio
import contextlib
import errno
import logging
import socket
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol

from entrypoints.asgi.sockets import Sockets
from entrypoints.asgi.types import AsgiApp
from entrypoints.server.descriptors import accepted_at_once, connections_wanted, file_limit
from entrypoints.server.unread_sockets import (
    end_unread_connections,
    end_unread_connections_of,
    limit_unread_octets,
)
from entrypoints.settings.failures import Failure
from entrypoints.settings.model import Settings

BACKLOG = 4_096
MAX_HEAD = 65_536
"""The largest head of a request, in octets."""
SERVER_STOP = 1.0
"""Seconds for the stop of a server, after the connections of clients were closed."""
LISTEN_POLL = 0.01
MAX_UNREAD = 32_768
"""Octets of a connection on Granian that wait in the kernel."""
SWITCH_INTERVAL = 0.0005
"""Seconds after which the loop's thread lets one of Granian's have the interpreter, which it needs for each message.

With Python's 5 ms, a message of 500 small frames holds up what others send: ten such clients, each with 50 of them,
made everybody wait for up to 230 ms.
"""


class AddressTaken(Failure):
    """The service cannot listen on the address."""


class Server(Protocol):
    """A server that runs in this process."""

    async def serve(self) -> None:
        """Accepts connections until `stop`."""
        ...

    def stop(self) -> None:
        """Ends `serve`."""
        ...


class GranianServer:
    """Granian inside this process. Its own worker process would cut every socket on SIGTERM."""

    def __init__(self, app: AsgiApp, settings: Settings) -> None:
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP1Settings
        from granian.server.embed import Server as Embedded

        self._settings = settings
        self._server: Any = Embedded(
            app,
            address=_listening_address(settings.host, settings.port)[1][0],
            port=settings.port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            # Idle keep-alive connections count against it: room for all of them and the metrics. Beyond it clients wait
            # in the backlog; out of file descriptors Granian would try to accept them without a pause.
            backpressure=accepted_at_once(settings, file_limit(), connections_wanted(settings) + BACKLOG),
            backlog=BACKLOG,
            log_enabled=False,
            http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=MAX_HEAD),
        )

    async def serve(self) -> None:
        """Accepts connections until `stop`."""
        sys.setswitchinterval(SWITCH_INTERVAL)
        bounded = asyncio.create_task(self._bound_connections())
        try:
            await self._server.serve()
        finally:
            bounded.cancel()

    async def _bound_connections(self) -> None:
        """Ends connections that do not read: Granian keeps their unread pongs without a limit, even after a close.

        And Granian reads a socket 128 times before others have their turn, as much as is there each time.
        """
        await listens(self._settings.host, self._settings.port)
        end_unread_connections(self._settings.port, self._settings.slow_consumer)
        limit_unread_octets(self._settings.port, MAX_UNREAD)

    def stop(self) -> None:
        """Ends `serve`."""
        self._server.stop()


class UvicornServer:
    """uvicorn for HTTP. After the upgrade, WebSockets are served without uvicorn, directly on their sockets."""

    def __init__(self, app: AsgiApp, sockets: Sockets, settings: Settings) -> None:
        import uvicorn

        from entrypoints.server.bounded_uvicorn.gate import gated
        from entrypoints.server.bounded_uvicorn.http import BoundedHttp
        from entrypoints.server.bounded_uvicorn.websocket import WebSocket

        class Quiet(uvicorn.Server):
            @contextlib.contextmanager
            def capture_signals(self) -> Iterator[None]:
                yield  # we handle signals

        http: Any = gated(partial(BoundedHttp, sockets, max(settings.max_message_bytes, settings.sockjs_max_body)))
        config: Any = uvicorn.Config(
            app,
            interface="asgi3",
            http=http,
            h11_max_incomplete_event_size=MAX_HEAD,
            ws=WebSocket,  # any class: it is never used, as the upgrade is handled before
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # CHAT_TRUSTED_PROXIES decides
            backlog=BACKLOG,
            timeout_graceful_shutdown=int(SERVER_STOP),
        )
        self._server = Quiet(config)
        self._address = settings.host, settings.port
        self._slow_consumer = settings.slow_consumer

    async def serve(self) -> None:
        """Accepts connections until `stop`."""
        family, address = _listening_address(*self._address)
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # workers share the port, as with Granian
            end_unread_connections_of(listener, self._slow_consumer)
            listener.bind(address)
            await self._server.serve([listener])

    def stop(self) -> None:
        """Ends `serve`."""
        logging.getLogger("uvicorn.error").setLevel(
            logging.CRITICAL
        )  # it logs the tasks that it cancels now as failures
        self._server.should_exit = True


def create_server(app: AsgiApp, sockets: Sockets, settings: Settings) -> Server:
    """Makes the server of the settings. It serves WebSockets through `app` or, if it can, through `sockets`."""
    return UvicornServer(app, sockets, settings) if settings.server == "uvicorn" else GranianServer(app, settings)


def _listening_address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """The address that `host` names. For a name with addresses of both kinds, the one that everybody can reach.

    Raises OSError for an unknown name, UnicodeError for an invalid one.
    """
    known = [(entry[0], entry[4]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    return next((entry for entry in known if entry[0] == socket.AF_INET), known[0])


def check_address(host: str, port: int) -> None:
    """Raises `AddressTaken` when the service cannot listen on the address."""
    try:
        family, address = _listening_address(host, port)
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except UnicodeError:
        raise AddressTaken(f"cannot listen on {host}: it is no name of a host") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(f"port {port} on {host} is taken: choose another with CHAT_PORT") from None
        raise AddressTaken(f"cannot listen on {host}, port {port}: {error.strerror or error}") from None


async def listens(host: str, port: int) -> None:
    """Returns when the server accepts connections, which the servers do not tell."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(LISTEN_POLL)
        else:
            writer.close()
            return
