"""One STOMP connection over a real socket, with as little between the frames and their reader as there can be."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from time import monotonic
from typing import NamedTuple

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

ANSWER_TIMEOUT = 6.0


class Lost(Exception):
    """The connection is gone, or does not answer."""


class Frame(NamedTuple):
    command: str
    headers: Mapping[str, str]
    body: bytes


class Wire(WSListener):
    """`on_frame` gets every frame but those of the opening, and nothing more once this side has hung up."""

    def __init__(self, on_frame: Callable[[Frame], None]) -> None:
        self._on_frame = on_frame
        self._transport: WSTransport | None = None
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._receipts: dict[str, asyncio.Future[None]] = {}
        self.lost = asyncio.Event()
        self.close_code: int | None = None
        self.heard = monotonic()

    async def open(self, url: str, token: str, heart_beat: float) -> None:
        """Raises `Lost`."""
        try:
            await asyncio.wait_for(ws_connect(lambda: self, url), ANSWER_TIMEOUT)
            self.say("CONNECT", {"accept-version": "1.2", "Authorization": f"Bearer {token}"}, beat=heart_beat)
            await asyncio.wait_for(self._connected, ANSWER_TIMEOUT)
        except Exception as error:
            self.hang_up()
            raise Lost from error

    async def subscribe(self, destination: str, headers: Mapping[str, str]) -> None:
        """Returns when the service has said that it has done it. Raises `Lost`."""
        answered = self._receipts[destination] = asyncio.get_running_loop().create_future()
        names = {"id": destination, "destination": destination, "receipt": f"sub {destination}"}
        self.say("SUBSCRIBE", {**names, **headers})
        try:
            await asyncio.wait_for(answered, ANSWER_TIMEOUT)
        except TimeoutError:
            raise Lost from None

    def say(self, command: str, headers: Mapping[str, str], body: bytes = b"", *, beat: float = 0) -> None:
        if self._transport is None or self.lost.is_set():
            return
        lines = [command, *(f"{name}:{text}" for name, text in headers.items())]
        if beat:
            lines.append(f"heart-beat:0,{int(beat * 1000)}")
        self._transport.send(WSMsgType.TEXT, "\n".join(lines).encode() + b"\n\n" + body + b"\0")

    def hang_up(self, *, abruptly: bool = True) -> None:
        """Nothing is heard any more; idempotent."""
        self._end()
        if self._transport is None:
            return
        with contextlib.suppress(Exception):
            if not abruptly:
                self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect(graceful=not abruptly)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.lost.is_set():
            return
        self.heard = monotonic()
        if frame.msg_type == WSMsgType.CLOSE:
            self.close_code = (frame.get_close_code() or WSCloseCode.NO_INFO).value
            transport.disconnect()
            self._end()
            return
        data = frame.get_payload_as_bytes()
        if len(data) > 1:  # more than a beat
            self._take(_frame(data))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._end()

    def _take(self, frame: Frame) -> None:
        if frame.command == "CONNECTED":
            if not self._connected.done():
                self._connected.set_result(None)
            return
        receipt = frame.headers.get("receipt-id", "")
        if receipt.startswith("sub "):
            answered = self._receipts.pop(receipt[4:], None)
            if answered is not None and not answered.done():
                answered.set_result(None)
            return
        self._on_frame(frame)

    def _end(self) -> None:
        self.lost.set()
        for waiting in (self._connected, *self._receipts.values()):
            if not waiting.done():
                waiting.set_exception(Lost())
                waiting.exception()  # perhaps nobody waits


def _frame(data: bytes) -> Frame:
    head, _, body = data.partition(b"\n\n")
    command, *lines = head.decode().split("\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, text = line.partition(":")
        headers[name] = text.replace("\\c", ":") if "\\" in text else text
    return Frame(command, headers, body[:-1])
