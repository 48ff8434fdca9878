"""stompman: asyncio, and reconnects by itself, with the subscriptions as they were made."""

import asyncio
from collections.abc import Mapping

import stompman

from tests.support.clients.client_matrix.client import DrivenClient

MODES: Mapping[str, stompman.AckMode] = {"auto": "auto", "client": "client", "client-individual": "client-individual"}


class StompmanClient(DrivenClient):
    tells_of_the_end = False

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self._client: stompman.Client | None = None
        self._messages: list[stompman.AckableMessageFrame] = []
        self._life: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def connect(self, token: str, beat: int = 10_000) -> None:
        self._life = asyncio.create_task(self._live(token, beat))

    async def _live(self, token: str, beat: int) -> None:
        server = stompman.ConnectionParameters(
            "127.0.0.1", self._port, "", "", connect_headers={"Authorization": f"Bearer {token}"}
        )
        client = stompman.Client(
            [server],
            heartbeat=stompman.Heartbeat(beat, beat),
            on_error_frame=self._error,
            connect_retry_attempts=30 if self.patient else 1,
            write_retry_attempts=30 if self.patient else 1,
        )
        try:
            async with client:
                self._client = client
                self.events.append({"on": "connected", "headers": {}})
                await self._over.wait()
                raise asyncio.CancelledError
        except stompman.FailedAllConnectAttemptsError as error:
            self.events.append({"on": "error", "headers": {}, "body": str(error)})

    def _error(self, frame: stompman.ErrorFrame) -> None:
        self.events.append({"on": "error", "headers": frame.headers, "body": frame.body.decode()})

    async def subscribe(self, destination: str, **headers: str) -> None:
        assert self._client is not None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        mode = MODES[named.pop("ack", "auto")]
        await self._client.subscribe_with_manual_ack(
            destination, self._message, ack=mode, headers=named, receipt_timeout=10
        )

    async def _message(self, frame: stompman.AckableMessageFrame) -> None:
        self._messages.append(frame)
        headers = dict(frame.headers)
        body, destination = frame.body.decode(), headers["destination"]
        self.events.append({"on": "message", "headers": headers, "body": body, "destination": destination})

    async def send(self, destination: str, body: str, headers: Mapping[str, str]) -> None:
        assert self._client is not None
        named = dict(headers)
        receipt = named.pop("receipt", None)
        timeout = None if receipt is None else 10
        await self._client.send(body.encode(), destination, headers=named, receipt_timeout=timeout)
        if receipt is not None:
            self.events.append({"on": "receipt", "id": receipt})

    def beats(self) -> bool:
        return self._client is not None and self._client.is_alive()  # by what came within three beats

    async def ack(self, number: int) -> None:
        await self._messages[number].ack()

    async def disconnect(self) -> None:
        self._over.set()

    async def stop(self) -> None:
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life], timeout=10)
