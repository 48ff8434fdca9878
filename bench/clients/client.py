"""A STOMP client of a load generator, on a WebSocket of picows."""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

ANSWER_TIMEOUT = 60.0
HANDSHAKE_TIMEOUT = 30.0
READ_BUFFER = 4_096
LAST_NUMBER = 16**12 - 1

_LOST = b""
_DESTINATION = b"\ndestination:/"
_TOPIC, _ACK, _ERROR = ord("t"), ord("a"), ord("e")
_QUEUE_NAME = len("user/queue/")
_ID = b'"clientMessageId":"'
_RUN, _NUMBER = slice(0, 8), slice(24, 36)

Handler = Callable[[int, float], None]
"""Gets the number of a message, and the time of its arrival in seconds of `perf_counter`."""


def client_message_id(run: int, number: int) -> bytes:
    """A UUID with the number of the run (below 2**32) and the number of the message."""
    return b"%08x-0000-4000-8000-%012x" % (run, number)


def message_number(frame: bytes, run: bytes) -> int | None:
    """The number in the `clientMessageId` of a frame. None when it has none, or belongs to another run."""
    at = frame.find(_ID)
    identifier = frame[at + len(_ID) :][:36]
    if at < 0 or identifier[_RUN] != run:
        return None
    return int(identifier[_NUMBER], 16)


def _ignore(*_: Any) -> None:
    pass


class Client(WSListener):
    """Hands each message to the handler of its destination. Counts messages of other runs as `strays`."""

    def __init__(self) -> None:
        self.on_ack: Handler = _ignore
        self.on_message: Handler = _ignore
        self.on_topic: Handler = _ignore
        self.on_refused: Callable[[bytes], None] = _ignore
        self.run = b""
        self.strays = 0
        self.is_lost = False
        self._transport: WSTransport | None = None
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def connect(self, url: str, source: str | None = None) -> "Client":
        """Opens the WebSocket, from the local address `source` if given. Raises OSError and picows' WSError."""
        address: dict[str, Any] = {"local_addr": (source, 0)} if source else {}
        await ws_connect(
            lambda: self,
            url,
            websocket_handshake_timeout=HANDSHAKE_TIMEOUT,
            read_buffer_init_size=READ_BUFFER,
            **address,
        )
        return self

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Starts a new connection. picows calls it."""
        self._transport = transport
        self._answers = asyncio.Queue()
        self.is_lost = False

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Dispatches a frame. picows calls it."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
            return
        text = frame.get_payload_as_bytes()
        if text.startswith((b"MESSAGE", b"SEND")):
            self._dispatch(text)
        elif len(text) > 1:  # not a heart-beat
            self.on_answer(text)

    def _dispatch(self, text: bytes) -> None:
        at = text.find(_DESTINATION) + len(_DESTINATION)
        kind = text[at]
        if kind != _TOPIC:
            kind = text[at + _QUEUE_NAME]
            if kind == _ERROR:
                self.on_refused(text)
                return
        number = message_number(text, self.run)
        if number is None:
            self.strays += 1
        elif kind == _TOPIC:
            self.on_topic_frame(text, number)
        elif kind == _ACK:
            self.on_ack(number, perf_counter())
        else:
            self.on_message(number, perf_counter())

    def on_topic_frame(self, text: bytes, number: int) -> None:
        """Handles the MESSAGE frame `text` of a session's topic."""
        self.on_topic(number, perf_counter())

    def on_answer(self, text: bytes) -> None:
        """Handles any frame but MESSAGE: CONNECTED, RECEIPT, ERROR."""
        self._answers.put_nowait(text)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Notes that the connection is lost. picows calls it."""
        if transport is self._transport:
            self.is_lost = True
            self._answers.put_nowait(_LOST)

    def send(self, frame: bytes) -> None:
        """Sends a frame. Needs a connection."""
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, frame)

    async def ask(self, frames: Sequence[bytes], expected: bytes) -> None:
        """Sends frames and waits for as many answers, each of which begins with `expected`.

        Raises RuntimeError for another answer, ConnectionError when the connection ends, and TimeoutError.
        """
        for frame in frames:
            self.send(frame)
        async with asyncio.timeout(ANSWER_TIMEOUT):
            for _ in frames:
                answer = await self._answers.get()
                if answer is _LOST:
                    raise ConnectionError("the service closed the connection")
                if not answer.startswith(expected):
                    raise RuntimeError(f"the service answered {answer[:200]!r}")

    async def log_in(self, token: str, heart_beat: str = "0,0") -> None:
        """Sends CONNECT and waits for CONNECTED. Raises what `ask` raises."""
        await self.ask([connect_frame(token, heart_beat)], b"CONNECTED")

    async def subscribe(self, *destinations: str) -> None:
        """Subscribes, and waits for the RECEIPTs. Raises what `ask` raises."""
        await self.ask([subscribe_frame(destination) for destination in destinations], b"RECEIPT")

    def cut(self) -> None:
        """Ends the connection at once and without a close frame, as when the network fails."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)


def connect_frame(token: str, heart_beat: str = "0,0") -> bytes:
    """A CONNECT frame."""
    return f"CONNECT\naccept-version:1.2\nheart-beat:{heart_beat}\nAuthorization:Bearer {token}\n\n\0".encode()


def subscribe_frame(destination: str, *headers: str) -> bytes:
    """A SUBSCRIBE frame that asks for a RECEIPT, with further header lines `headers`."""
    lines = [f"id:{destination}", f"destination:{destination}", "receipt:subscribed", *headers]
    return ("SUBSCRIBE\n" + "\n".join(lines) + "\n\n\0").encode()
