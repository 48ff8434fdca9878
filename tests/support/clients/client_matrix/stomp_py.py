"""stomp.py: threads and callbacks."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import stomp
from stomp.exception import StompException
from stomp.utils import Frame

from tests.support.clients.client_matrix.client import DrivenClient

CONNECTIONS = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}


class _Listener(stomp.ConnectionListener):
    def __init__(self, client: "StompPyClient") -> None:
        self._events = client.events

    def on_connected(self, frame: Frame) -> None:
        self._events.append({"on": "connected", "headers": frame.headers})

    def on_message(self, frame: Frame) -> None:
        destination = frame.headers["destination"]
        self._events.append({"on": "message", "headers": frame.headers, "body": frame.body, "destination": destination})

    def on_receipt(self, frame: Frame) -> None:
        self._events.append({"on": "receipt", "id": frame.headers["receipt-id"]})

    def on_error(self, frame: Frame) -> None:
        self._events.append({"on": "error", "headers": frame.headers, "body": frame.body})

    def on_disconnected(self) -> None:
        self._events.append({"on": "closed"})


class StompPyClient(DrivenClient):
    def __init__(self, port: int, version: str) -> None:
        super().__init__()
        self._port = port
        self._version = version
        self.has_beats = version != "1.0"
        self._connection: Any = None

    async def connect(self, token: str, beat: int = 10_000) -> None:
        # 1.0 has no heart-beats; by itself it gives up after one and a half, which a busy machine is late at times
        options = {} if self._version == "1.0" else {"heartbeats": (beat, beat), "heart_beat_receive_scale": 4}
        self._connection = CONNECTIONS[self._version]([("127.0.0.1", self._port)], reconnect_attempts_max=1, **options)
        self._connection.set_listener("", _Listener(self))
        await asyncio.to_thread(self._connection.connect, headers={"Authorization": f"Bearer {token}"}, wait=False)

    async def subscribe(self, destination: str, **headers: str) -> None:
        receipt = f"{destination}-{len(self.events)}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        mode = named.pop("ack", "auto")
        self._connection.subscribe(destination, id=destination, ack=mode, headers={"receipt": receipt, **named})
        await self.receipt(receipt)

    async def send(self, destination: str, body: str, headers: Mapping[str, str]) -> None:
        self._connection.send(destination, body, headers=dict(headers))

    async def ack(self, number: int) -> None:
        headers = self.of("message")[number]["headers"]
        if self._version == "1.2":
            self._connection.ack(headers["ack"])
        elif self._version == "1.1":
            self._connection.ack(headers["message-id"], headers["subscription"])
        else:
            self._connection.ack(headers["message-id"])

    async def disconnect(self) -> None:
        await asyncio.to_thread(self._connection.disconnect)

    async def stop(self) -> None:
        if self._connection is not None and self._connection.is_connected():
            with contextlib.suppress(StompException):
                await self.disconnect()
