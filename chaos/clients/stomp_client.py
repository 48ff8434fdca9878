"""A minimal STOMP client on a WebSocket."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from time import monotonic
from typing import NamedTuple

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

ANSWER_TIMEOUT = 6.0


class ConnectionLost(Exception):
    """The connection has ended, or the service does not answer."""


class Frame(NamedTuple):
    """A STOMP frame."""

    command: str
    headers: Mapping[str, str]
    body: bytes


class StompClient(WSListener):
    """One connection. `on_frame` gets every frame but CONNECTED and the RECEIPTs of SUBSCRIBE, until `close`.

    `heard` is the time of the last octets of the service, in seconds of `monotonic`.
    """

    def __init__(self, on_frame: Callable[[Frame], None]) -> None:
        self._on_frame = on_frame
        self._transport: WSTransport | None = None
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._receipts: dict[str, asyncio.Future[None]] = {}
        self.lost = asyncio.Event()
        self.close_code: int | None = None
        self.heard = monotonic()

    async def open(self, url: str, token: str, heart_beat: float) -> None:
        """Opens the WebSocket and logs in. Asks for a heart-beat every `heart_beat` seconds.

        Raises `ConnectionLost`.
        """
        try:
            await asyncio.wait_for(ws_connect(lambda: self, url), ANSWER_TIMEOUT)
            self.send("CONNECT", {"accept-version": "1.2", "Authorization": f"Bearer {token}"}, beat=heart_beat)
            await asyncio.wait_for(self._connected, ANSWER_TIMEOUT)
        except Exception as error:
            self.close()
            raise ConnectionLost from error

    async def subscribe(self, destination: str, headers: Mapping[str, str]) -> None:
        """Subscribes, and returns when the RECEIPT has come. Raises `ConnectionLost`."""
        answered = self._receipts[destination] = asyncio.get_running_loop().create_future()
        names = {"id": destination, "destination": destination, "receipt": f"sub {destination}"}
        self.send("SUBSCRIBE", {**names, **headers})
        try:
            await asyncio.wait_for(answered, ANSWER_TIMEOUT)
        except TimeoutError:
            raise ConnectionLost from None

    def send(self, command: str, headers: Mapping[str, str], body: bytes = b"", *, beat: float = 0) -> None:
        """Sends a frame. Does nothing when the connection has ended."""
        if self._transport is None or self.lost.is_set():
            return
        lines = [command, *(f"{name}:{text}" for name, text in headers.items())]
        if beat:
            lines.append(f"heart-beat:0,{int(beat * 1000)}")
        self._transport.send(WSMsgType.TEXT, "\n".join(lines).encode() + b"\n\n" + body + b"\0")

    def close(self, *, abruptly: bool = True) -> None:
        """Ends the connection: without a close frame, unless `abruptly` is False. Idempotent."""
        self._end()
        if self._transport is None:
            return
        with contextlib.suppress(Exception):
            if not abruptly:
                self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect(graceful=not abruptly)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Notes the transport. picows calls it."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Handles a frame. picows calls it."""
        if self.lost.is_set():
            return
        self.heard = monotonic()
        if frame.msg_type == WSMsgType.CLOSE:
            self.close_code = (frame.get_close_code() or WSCloseCode.NO_INFO).value
            transport.disconnect()
            self._end()
            return
        data = frame.get_payload_as_bytes()
        if len(data) > 1:  # more than a heart-beat
            self._take(_frame(data))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Notes the end. picows calls it."""
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
                waiting.set_exception(ConnectionLost())
                waiting.exception()  # marks the error as retrieved, in case that nobody waits


def _frame(data: bytes) -> Frame:
    head, _, body = data.partition(b"\n\n")
    command, *lines = head.decode().split("\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, text = line.partition(":")
        headers[name] = text.replace("\\c", ":") if "\\" in text else text
    return Frame(command, headers, body[:-1])
