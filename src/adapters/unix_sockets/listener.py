"""The socket on which a worker receives the deliveries of the others."""

import asyncio
import hmac
import logging
import os
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from adapters.unix_sockets.frames import MAX_FRAME, MAX_HELLO, WELCOME, BadFrame, FrameReader, Hello, frame, read_hello
from adapters.unix_sockets.settings import UnixSettings
from application.diagnostics.seldom_log import SeldomLog
from application.ports.push import Delivery
from application.wire.deliveries import CONTENT_TYPE, UnreadablePiece, unpack

log = logging.getLogger(__name__)

_CREDENTIALS = struct.Struct("3i")
"""Linux's `struct ucred`: process, user and group of the peer."""


class DeliveryListener:
    """Listens at `path` for workers that know `secret`, and passes their deliveries to `receive`, in order.

    It leaves out deliveries whose destination `wants` refuses.

    `incarnation` is the answer to a hello. `on_hello` gets each hello, and a function that sends the welcome.
    `on_gap` gets a reason when deliveries of a worker were lost.
    """

    def __init__(
        self,
        path: Path,
        secret: bytes,
        incarnation: str,
        settings: UnixSettings,
        *,
        wants: Callable[[str], bool],
        receive: Callable[[Sequence[Delivery]], None],
        on_hello: Callable[[Hello, Callable[[], None]], None],
        on_gap: Callable[[str], None],
    ) -> None:
        self._path = path
        self._secret = secret
        self.incarnation = incarnation
        self.settings = settings
        self._wants = wants
        self.receive = receive
        self.on_hello = on_hello
        self._on_gap = on_gap
        self._server: asyncio.Server | None = None
        self._received: dict[tuple[int, str], int] = {}
        self._connections: set[_IncomingConnection] = set()
        self._seldom = SeldomLog(log)

    async def start(self) -> None:
        """Starts to listen. Raises OSError."""
        self._path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _IncomingConnection(self), str(self._path))

    def stop(self) -> None:
        """Closes the socket and its connections. Idempotent."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self._path.unlink(missing_ok=True)
        for connection in list(self._connections):
            connection.close()

    def admit(self, connection: "_IncomingConnection", transport: asyncio.Transport) -> bool:
        """Whether the connection is accepted: the peer runs as our user, and few connections are without a hello."""
        unidentified = sum(not known.is_identified for known in self._connections)
        if not _is_our_user(transport) or unidentified >= self.settings.max_unidentified:
            self.reject("a connection was refused")
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: "_IncomingConnection") -> None:
        """Removes a connection that has ended."""
        self._connections.discard(connection)

    def identify(self, hello: Hello) -> None:
        """Checks a hello, and whether frames were lost before it. Raises `BadFrame` for a foreign hello."""
        if not hmac.compare_digest(hello.secret, self._secret) or hello.content_type != CONTENT_TYPE:
            raise BadFrame("the hello has another secret or content type")
        sender = hello.index, hello.incarnation
        received = self._received.get(sender)
        for past in [known for known in self._received if known[0] == hello.index and known != sender]:
            del self._received[past]
        if received is not None and received != hello.sent_before:
            self._on_gap(f"worker {hello.index} could not reach this one for a while")
        self._received[sender] = hello.sent_before

    def receive_frame(self, hello: Hello, payload: bytes) -> None:
        """Passes the deliveries of a frame on. Raises `UnreadablePiece`."""
        self._received[hello.index, hello.incarnation] += 1
        self.receive(unpack(CONTENT_TYPE, payload, self._wants))

    def reject(self, reason: str) -> None:
        """Logs why a connection was refused or closed."""
        self._seldom(logging.WARNING, f"at the socket between workers: {reason}")


class _IncomingConnection(asyncio.Protocol):
    """A connection of another worker."""

    def __init__(self, listener: DeliveryListener) -> None:
        self._listener = listener
        self._frames = FrameReader(MAX_HELLO)
        self._hello: Hello | None = None
        self._hello_timeout: asyncio.TimerHandle | None = None

    @property
    def is_identified(self) -> bool:
        """Whether the worker has sent its hello."""
        return self._hello is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the hello, unless the connection is refused."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._listener.admit(self, self._transport):
            self._transport.abort()
            return
        timeout = self._listener.settings.hello_timeout
        self._hello_timeout = asyncio.get_running_loop().call_later(timeout, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Handles the frames that `data` completes. Closes the connection on a bad frame."""
        try:
            for payload in self._frames.feed(data):
                if self._hello is None:
                    self._read_hello(payload)
                else:
                    self._listener.receive_frame(self._hello, payload)
        except (BadFrame, UnreadablePiece) as error:
            self._listener.reject(str(error))
            self.close()
        except Exception as error:  # to close the connection would only lose more deliveries
            log.error("deliveries of another worker were dropped (%s)", type(error).__name__)

    def connection_lost(self, error: Exception | None) -> None:
        """Removes the connection from its listener."""
        if self._hello_timeout is not None:
            self._hello_timeout.cancel()
        self._listener.forget(self)

    def close(self) -> None:
        """Closes the connection at once."""
        self._transport.abort()

    def _read_hello(self, payload: bytes) -> None:
        assert self._hello_timeout is not None
        self._hello_timeout.cancel()
        hello = read_hello(payload)
        self._listener.identify(hello)
        self._hello = hello
        self._frames.max_frame = MAX_FRAME
        self._answer(self._listener.incarnation.encode())
        self._listener.on_hello(hello, lambda: self._answer(WELCOME))

    def _answer(self, payload: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(frame(payload))


def _is_our_user(transport: asyncio.Transport) -> bool:
    """Whether the peer runs as our user. Where the system does not say, the directory's mode has to suffice."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = transport.get_extra_info("socket")
    _, user, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return bool(user == os.geteuid())
