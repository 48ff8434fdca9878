"""Serving the application on Granian or uvicorn until a signal says stop."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol

from entrypoints.asgi.sockets import Sockets
from entrypoints.asgi.types import AsgiApp
from entrypoints.server.descriptors import accepted_at_once, connections_wanted, file_limit
from entrypoints.server.unread_sockets import end_unread_connections, end_unread_connections_of
from entrypoints.settings.failures import Failure
from entrypoints.settings.model import Settings

BACKLOG = 4_096
MAX_HEAD = 65_536  # octets of a request's head
SERVER_STOP = 1.0  # seconds; the clients have gone by then, but for those whose sockets take nothing
LISTEN_POLL = 0.01


class AddressTaken(Failure):
    """Nothing can listen there."""


class Server(Protocol):
    async def serve(self) -> None:
        """Accepts connections until `stop`."""
        ...

    def stop(self) -> None: ...


class GranianServer:
    """Granian inside this process, so that stopping is ours: its own worker cuts every socket on SIGTERM at once."""

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
        bounded = asyncio.create_task(self._end_unread_connections())
        try:
            await self._server.serve()
        finally:
            bounded.cancel()

    async def _end_unread_connections(self) -> None:
        """It keeps pongs that nobody reads, without a limit and beyond the end of our side of the connection."""
        await listens(self._settings.host, self._settings.port)
        end_unread_connections(self._settings.port, self._settings.slow_consumer)

    def stop(self) -> None:
        self._server.stop()


class UvicornServer:
    """uvicorn for HTTP; from the upgrade on, WebSockets are served without it, straight on their sockets."""

    def __init__(self, app: AsgiApp, sockets: Sockets, settings: Settings) -> None:
        import uvicorn

        from entrypoints.server.bounded_uvicorn.gate import gated
        from entrypoints.server.bounded_uvicorn.http import BoundedHttp
        from entrypoints.server.bounded_uvicorn.websocket import WebSocket

        class Quiet(uvicorn.Server):
            @contextlib.contextmanager
            def capture_signals(self) -> Iterator[None]:
                yield  # signals are ours

        http: Any = gated(partial(BoundedHttp, sockets, max(settings.max_message_bytes, settings.sockjs_max_body)))
        config: Any = uvicorn.Config(
            app,
            interface="asgi3",
            http=http,
            h11_max_incomplete_event_size=MAX_HEAD,
            ws=WebSocket,  # any class will do: what it is made for is done at the upgrade
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # CHAT_TRUSTED_PROXIES says whom to believe
            backlog=BACKLOG,
            timeout_graceful_shutdown=int(SERVER_STOP),
        )
        self._server = Quiet(config)
        self._address = settings.host, settings.port
        self._slow_consumer = settings.slow_consumer

    async def serve(self) -> None:
        family, address = _listening_address(*self._address)
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # workers share it, as Granian's do
            end_unread_connections_of(listener, self._slow_consumer)
            listener.bind(address)
            await self._server.serve([listener])

    def stop(self) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it calls a failure what it cancels from now on
        self._server.should_exit = True


def create_server(app: AsgiApp, sockets: Sockets, settings: Settings) -> Server:
    """`app` serves WebSockets too, where the server leaves them to it; `sockets` where it does not."""
    return UvicornServer(app, sockets, settings) if settings.server == "uvicorn" else GranianServer(app, settings)


def _listening_address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """Where all listen who are told `host`: of a name with addresses of both kinds, on that which everybody can reach.

    Raises OSError for a name that nobody knows, UnicodeError for what is no name.
    """
    known = [(one[0], one[4]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    return next((one for one in known if one[0] == socket.AF_INET), known[0])


def check_address(host: str, port: int) -> None:
    """Raises `AddressTaken` when nothing can listen there; the servers' own words for it are many and long."""
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
    """Returns when connections are taken there: the servers do not say so."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(LISTEN_POLL)
        else:
            writer.close()
            return
