"""What a test can ask of any client, and what it is told."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from tests.support.eventually import eventually

Event = dict[str, Any]


class DrivenClient(ABC):
    """`events` are what the library told, in order: `connected`, `message`, `receipt`, `error`, `closed`."""

    tells_of_the_end = True
    """Whether it says when and why the connection has gone; one that does not connects again by itself."""
    patient = False
    """Whether such a one goes on trying for long."""
    has_beats = True
    """Whether it offers heart-beats."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.faults: list[str] = []
        """What went wrong in its code, where that is told."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @abstractmethod
    async def connect(self, token: str, beat: int = 10_000) -> None:
        """`beat` in milliseconds, both ways. Returns at once."""

    @abstractmethod
    async def subscribe(self, destination: str, **headers: str) -> None:
        """Returns when the RECEIPT is there."""

    @abstractmethod
    async def send(self, destination: str, body: str, headers: Mapping[str, str]) -> None: ...

    @abstractmethod
    async def ack(self, number: int) -> None:
        """Of the `number`-th message that came, from 0."""

    @abstractmethod
    async def disconnect(self) -> None:
        """As the library does it."""

    @abstractmethod
    async def stop(self) -> None:
        """Without a word to the server, where it still is connected."""

    def of(self, kind: str, destination: str | None = None) -> list[Event]:
        return [
            event for event in self.events if event["on"] == kind and destination in (None, event.get("destination"))
        ]

    async def got(self, kind: str, count: int = 1, destination: str | None = None, within: float = 20) -> list[Event]:
        """The events of this kind, once there are `count`."""
        try:
            await eventually(lambda: len(self.of(kind, destination)) >= count, within)
        except AssertionError:
            raise AssertionError(f"no {count} {kind} {destination or ''}, but {self.events}") from None
        return self.of(kind, destination)

    async def messages(self, destination: str, count: int = 1) -> list[Event]:
        """The bodies of what came for a destination."""
        return [json.loads(event["body"]) for event in await self.got("message", count, destination)]

    async def receipt(self, id: str) -> None:
        await eventually(lambda: any(event["id"] == id for event in self.of("receipt")), 20)

    async def send_json(self, destination: str, body: Any, **headers: str) -> str:
        """The receipt's id, which has come."""
        receipt = str(uuid4())
        await self.send(destination, json.dumps(body), {"receipt": receipt, **headers})
        await self.receipt(receipt)
        return receipt

    def beats(self) -> bool:
        """Whether heart-beats were agreed on."""
        headers: Mapping[str, str] = self.of("connected")[0]["headers"]
        return headers.get("heart-beat", "0,0") != "0,0"

    async def is_gone(self) -> None:
        """Returns when it has noticed that the connection has ended."""
        if self.tells_of_the_end:
            await self.got("closed")
        await asyncio.sleep(0)
