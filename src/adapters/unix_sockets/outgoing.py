"""The way of this worker's deliveries to one of the others."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from adapters.unix_sockets.frames import WELCOME
from adapters.unix_sockets.outgoing_connection import OutgoingConnection
from adapters.unix_sockets.settings import UnixSettings
from application.concurrency.background import BackgroundTask


class OutgoingLink:
    """Connects to the socket at `path` and, when that ends, connects again, for as long as it runs.

    `greeting` makes the first frame of a connection from the number of frames offered before it. What is offered
    while the other is away is not kept: the gap in the count tells it.
    """

    def __init__(self, path: Path, greeting: Callable[[int], bytes], settings: UnixSettings) -> None:
        self._path = path
        self._greeting = greeting
        self._settings = settings
        self._connection: OutgoingConnection | None = None
        self._offered = 0
        self._life: str | None = None
        self._is_welcome = False
        self._nobody_listens = False
        self._changed = asyncio.Event()
        self._heard_of = asyncio.Event()
        self._task = BackgroundTask(f"link to {path.name}", self._run)

    def start(self) -> None:
        self._task.start()

    def connect_now(self) -> None:
        """The other has just been heard of: there is no reason to wait."""
        self._heard_of.set()

    def send(self, payload: bytes) -> None:
        """One frame, at once if connected. Never waits."""
        self._offered += 1
        if self._connection is not None:
            self._connection.send(payload)

    async def drain(self) -> None:
        """Returns when little is unsent, or the other takes nothing or has not answered yet."""
        if self._connection is not None and self._life is not None:
            await self._connection.drain()

    async def introduced(self) -> bool:
        """Whether the other has welcomed this worker; False at once when nobody listens."""
        while not self._is_welcome:
            if self._nobody_listens:
                return False
            await self._changed.wait()
        return True

    async def reaches(self, life: str) -> None:
        """Returns when what is sent goes to the other in this life."""
        while self._life != life:
            await self._changed.wait()

    async def stop(self) -> None:
        """What was sent goes out first, unless the other takes nothing."""
        if self._connection is not None:
            await self._connection.flush()
        await self._task.stop()

    async def _run(self) -> None:
        delay = self._settings.first_retry
        while True:
            self._heard_of.clear()
            if await self._connect():
                delay = self._settings.first_retry
            try:
                async with asyncio.timeout(delay):
                    await self._heard_of.wait()
            except TimeoutError:
                delay = min(self._settings.last_retry, 2 * delay)

    async def _connect(self) -> bool:
        """Until the connection ends; whether the other has answered."""
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_unix_connection(self._new_connection, str(self._path))
        except OSError as error:
            self._nobody_listens = isinstance(error, ConnectionRefusedError | FileNotFoundError)
            self._tell_change()
            return False
        self._connection, self._nobody_listens = connection, False
        connection.send(self._greeting(self._offered))
        silence = loop.call_later(self._settings.hello_timeout, self._cut_if_silent, connection)
        try:
            await connection.closed.wait()
            return self._life is not None
        finally:
            silence.cancel()
            connection.close()
            self._connection, self._life, self._is_welcome = None, None, False
            self._tell_change()

    def _new_connection(self) -> OutgoingConnection:
        return OutgoingConnection(self._path.name, self._settings, self._answered)

    def _cut_if_silent(self, connection: OutgoingConnection) -> None:
        if self._life is None:
            connection.cut("it does not answer")

    def _answered(self, answer: bytes) -> None:
        """First the other's life, then its welcome."""
        if answer == WELCOME:
            self._is_welcome = True
        else:
            self._life = answer.decode("ascii", "replace")
        self._tell_change()

    def _tell_change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
