"""Where the deliveries of the other workers arrive."""

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
"""What Linux tells of the other end: process, user, group."""


class Incoming:
    """Listens at `path` for workers that know `secret`, and hands what they send to `receive`, in their order.

    `life` is told to whoever greets. `on_hello` gets each greeting, and what to call when the worker may be welcomed.
    `on_gap` is called when deliveries of a worker are missing.
    """

    def __init__(
        self,
        path: Path,
        secret: bytes,
        life: str,
        settings: UnixSettings,
        *,
        receive: Callable[[Sequence[Delivery]], None],
        on_hello: Callable[[Hello, Callable[[], None]], None],
        on_gap: Callable[[str], None],
    ) -> None:
        self._path = path
        self._secret = secret
        self.life = life
        self.settings = settings
        self.receive = receive
        self.on_hello = on_hello
        self._on_gap = on_gap
        self._server: asyncio.Server | None = None
        self._received: dict[tuple[int, str], int] = {}
        self._connections: set[_Sender] = set()
        self._seldom = SeldomLog(log)

    async def start(self) -> None:
        """Raises OSError."""
        self._path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Sender(self), str(self._path))

    def stop(self) -> None:
        """Nothing is received any more. Idempotent."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self._path.unlink(missing_ok=True)
        for connection in list(self._connections):
            connection.close()

    def admit(self, connection: "_Sender", transport: asyncio.Transport) -> bool:
        """Whether somebody of our own user has come, and there is room."""
        strangers = sum(not each.is_known for each in self._connections)
        if not _is_ours(transport) or strangers >= self.settings.max_strangers:
            self.reject("a connection was refused")
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: "_Sender") -> None:
        self._connections.discard(connection)

    def greet(self, hello: Hello) -> None:
        """Raises `BadFrame` when it is none of ours."""
        if not hmac.compare_digest(hello.secret, self._secret) or hello.form != CONTENT_TYPE:
            raise BadFrame("the greeting is none of ours")
        life = hello.index, hello.life
        received = self._received.get(life)
        for past in [known for known in self._received if known[0] == hello.index and known != life]:
            del self._received[past]
        if received is not None and received != hello.sent_before:
            self._on_gap(f"worker {hello.index} could not reach it for a while")
        self._received[life] = hello.sent_before

    def take(self, hello: Hello, payload: bytes) -> None:
        """Raises `UnreadablePiece`."""
        self._received[hello.index, hello.life] += 1
        self.receive(unpack(CONTENT_TYPE, payload))

    def reject(self, reason: str) -> None:
        self._seldom(logging.WARNING, f"at the socket between workers: {reason}")


class _Sender(asyncio.Protocol):
    """One connection of another worker."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._frames = FrameReader(MAX_HELLO)
        self._hello: Hello | None = None
        self._late: asyncio.TimerHandle | None = None

    @property
    def is_known(self) -> bool:
        return self._hello is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._incoming.admit(self, self._transport):
            self._transport.abort()
            return
        timeout = self._incoming.settings.hello_timeout
        self._late = asyncio.get_running_loop().call_later(timeout, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        try:
            for payload in self._frames.feed(data):
                if self._hello is None:
                    self._greet(payload)
                else:
                    self._incoming.take(self._hello, payload)
        except (BadFrame, UnreadablePiece) as error:
            self._incoming.reject(str(error))
            self.close()
        except Exception as error:  # what cannot be handed over must not come again and again
            log.error("deliveries of another worker were dropped (%s)", type(error).__name__)

    def connection_lost(self, error: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
        self._incoming.forget(self)

    def close(self) -> None:
        self._transport.abort()

    def _greet(self, payload: bytes) -> None:
        assert self._late is not None
        self._late.cancel()
        hello = read_hello(payload)
        self._incoming.greet(hello)
        self._hello = hello
        self._frames.max_frame = MAX_FRAME
        self._answer(self._incoming.life.encode())
        self._incoming.on_hello(hello, lambda: self._answer(WELCOME))

    def _answer(self, payload: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(frame(payload))


def _is_ours(transport: asyncio.Transport) -> bool:
    """Whether the other end runs as our user; where the system does not tell, the folder's mode has to do."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    end = transport.get_extra_info("socket")
    _, user, _ = _CREDENTIALS.unpack(end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return bool(user == os.geteuid())
