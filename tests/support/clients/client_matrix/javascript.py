"""Clients in JavaScript, which take orders and tell of events in JSON: see `tests/clients/driven.mjs`."""

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.support.clients.client_matrix.client import DrivenClient


class Library(NamedTuple):
    module: str
    """In `tests/clients`."""
    stomp_version: str
    transport: str
    """`ws`, or one of SockJS."""


class JavaScriptClient(DrivenClient):
    def __init__(self, library: Library, url: str) -> None:
        super().__init__()
        self.has_beats = library.stomp_version != "1.0"
        self._arguments = (library.module, url, library.stomp_version, library.transport)

    async def connect(self, token: str, beat: int = 10_000) -> None:
        await self._order("connect", token=token, beat=beat)

    async def subscribe(self, destination: str, **headers: str) -> None:
        receipt = f"{destination}-{len(self.events)}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self._order("subscribe", destination=destination, headers={"receipt": receipt, **named})
        await self.receipt(receipt)

    async def send(self, destination: str, body: str, headers: Mapping[str, str]) -> None:
        await self._order("send", destination=destination, body=body, headers=dict(headers))

    async def ack(self, number: int) -> None:
        await self._order("ack", message=number, headers={})

    async def disconnect(self) -> None:
        await self._order("disconnect")

    async def _order(self, name: str, **more: Any) -> None:
        await self._pass_on(json.dumps({"do": name, **more}))

    @abstractmethod
    async def _pass_on(self, order: str) -> None: ...

    def _hear(self, event: str | bytes) -> None:
        self.events.append(json.loads(event))
