"""A link that carries this worker's deliveries to another worker."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from adapters.unix_sockets.frames import WELCOME
from adapters.unix_sockets.outgoing_connection import OutgoingConnection
from adapters.unix_sockets.settings import UnixSettings
from application.concurrency.background import BackgroundTask


class OutgoingLink:
    """Connects to the socket at `path`, and again whenever the connection ends, until it is stopped.

    `make_hello` makes the first frame of a connection from the number of frames offered so far. Frames that are
    offered while there is no connection are lost: the other worker notices by that number.
    """

    def __init__(self, path: Path, make_hello: Callable[[int], bytes], settings: UnixSettings) -> None:
        self._path = path
        self._make_hello = make_hello
        self._settings = settings
        self._connection: OutgoingConnection | None = None
        self._offered = 0
        self._incarnation: str | None = None
        self._is_welcome = False
        self._nobody_listens = False
        self._changed = asyncio.Event()
        self._retry_now = asyncio.Event()
        self._task = BackgroundTask(f"link to {path.name}", self._run)

    def start(self) -> None:
        """Starts to connect, and returns at once."""
        self._task.start()

    def connect_now(self) -> None:
        """Ends the pause before the next try: the other worker has just connected to this one."""
        self._retry_now.set()

    def send(self, payload: bytes) -> None:
        """Sends a frame when connected, and counts it in any case. Never waits."""
        self._offered += 1
        if self._connection is not None:
            self._connection.send(payload)

    def offer(self, payload: bytes) -> None:
        """Sends a frame that may get lost, unless much is unsent. Never waits, and counts only what it sends."""
        if self._connection is not None and self._connection.has_room:
            self.send(payload)

    async def drain(self) -> None:
        """Returns when little is unsent, or when the other worker reads nothing or has not answered yet."""
        if self._connection is not None and self._incarnation is not None:
            await self._connection.drain()

    async def wait_welcome(self) -> bool:
        """Waits for the other worker's welcome. Returns False at once when nobody listens at its socket."""
        while not self._is_welcome:
            if self._nobody_listens:
                return False
            await self._changed.wait()
        return True

    async def wait_connected(self, incarnation: str) -> None:
        """Returns when frames reach this incarnation of the other worker."""
        while self._incarnation != incarnation:
            await self._changed.wait()

    async def stop(self) -> None:
        """Stops after the unsent frames, unless the other worker reads nothing."""
        if self._connection is not None:
            await self._connection.flush()
        await self._task.stop()

    async def _run(self) -> None:
        delay = self._settings.first_retry
        while True:
            self._retry_now.clear()
            if await self._connect():
                delay = self._settings.first_retry
            try:
                async with asyncio.timeout(delay):
                    await self._retry_now.wait()
            except TimeoutError:
                delay = min(self._settings.last_retry, 2 * delay)

    async def _connect(self) -> bool:
        """Connects, and returns when the connection ends. True when the other worker has answered."""
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_unix_connection(self._new_connection, str(self._path))
        except OSError as error:
            self._nobody_listens = isinstance(error, ConnectionRefusedError | FileNotFoundError)
            self._notify()
            return False
        self._connection, self._nobody_listens = connection, False
        connection.send(self._make_hello(self._offered))
        answer_timeout = loop.call_later(self._settings.hello_timeout, self._cut_if_silent, connection)
        try:
            await connection.closed.wait()
            return self._incarnation is not None
        finally:
            answer_timeout.cancel()
            connection.close()
            self._connection, self._incarnation, self._is_welcome = None, None, False
            self._notify()

    def _new_connection(self) -> OutgoingConnection:
        return OutgoingConnection(self._path.name, self._settings, self._receive_answer)

    def _cut_if_silent(self, connection: OutgoingConnection) -> None:
        if self._incarnation is None:
            connection.cut("the worker does not answer")

    def _receive_answer(self, answer: bytes) -> None:
        """The first answer is the other worker's incarnation, the second its welcome."""
        if answer == WELCOME:
            self._is_welcome = True
        else:
            self._incarnation = answer.decode("ascii", "replace")
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
