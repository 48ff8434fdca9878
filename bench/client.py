"""One WebSocket of the load generator."""

import asyncio
from collections.abc import Callable
from time import perf_counter

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

ANSWER_TIMEOUT = 60.0
_REFUSED = b"MESSAGE\ndestination:/user/queue/error\n"
_MARK = b'"clientMessageId":"'
_NUMBER = slice(24, 36)  # the last 12 hexadecimal digits of the UUID are the message's number


def client_message_id(run: int, number: int) -> bytes:
    """A UUID that says which run it belongs to and which message it is."""
    return b"%08x-0000-4000-8000-%012x" % (run, number)


class Client(WSListener):  # type: ignore[misc]
    """`on_message` gets the number of each message that comes, and when it came; beats go unanswered."""

    def __init__(self, on_message: Callable[[int, float], None]) -> None:
        self._on_message = on_message
        self._transport: WSTransport | None = None
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self.on_refused: Callable[[bytes], None] = lambda _: None
        self.lost = False

    async def connect(self, url: str) -> "Client":
        await ws_connect(lambda: self, url)
        return self

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
            return
        text = frame.get_payload_as_bytes()
        if text.startswith(_REFUSED):
            self.on_refused(text)
        elif text.startswith((b"MESSAGE", b"SEND")):
            place = text.rfind(_MARK) + len(_MARK)
            self._on_message(int(text[place:][_NUMBER], 16), perf_counter())
        elif len(text) > 1:  # anything but a beat
            self._answers.put_nowait(text)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.lost = True

    def say(self, frame: bytes) -> None:
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, frame)

    async def answered(self, frame: bytes, expected: bytes) -> None:
        """Says `frame` and waits for the answer. Raises RuntimeError when it is not the `expected` command."""
        self.say(frame)
        answer = await asyncio.wait_for(self._answers.get(), ANSWER_TIMEOUT)
        if not answer.startswith(expected):
            raise RuntimeError(f"the service answered {answer[:200]!r}")

    async def log_in(self, token: str, heart_beat: str = "0,0") -> None:
        frame = f"CONNECT\naccept-version:1.2\nheart-beat:{heart_beat}\nAuthorization:Bearer {token}\n\n\0"
        await self.answered(frame.encode(), b"CONNECTED")

    async def subscribe(self, destination: str) -> None:
        frame = f"SUBSCRIBE\nid:{destination}\ndestination:{destination}\nreceipt:subscribed\n\n\0"
        await self.answered(frame.encode(), b"RECEIPT")

    def hang_up(self) -> None:
        assert self._transport is not None
        self._transport.disconnect()
