"""SockJS without sockets: framing, and sessions whose receivers come, go and break off."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sockjs.protocol.framing import (
    BrokenFraming,
    PayloadExpected,
    TooManyMessages,
    array_frame,
    close_frame,
    quote,
    read_messages,
)
from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.session import SockJsSession
from adapters.stomp.transport import Close
from entrypoints.asgi.types import Event
from entrypoints.sockjs.downstream import RECEIVERS
from entrypoints.sockjs.downstream_request import DownstreamRequest
from entrypoints.sockjs.request import Request
from tests.support.eventually import eventually
from tests.support.limits import sockjs_limits

LIMITS = sockjs_limits(heartbeat=0.05, disconnect_delay=0.05, max_unread=10, max_unsent=10)
GO_AWAY = Close(3000, "Go away!")


class Inside:
    """Whoever serves the client, and reads while it `reads`."""

    def __init__(self, session: SockJsSession) -> None:
        self._session = session
        self.messages: list[str] = []
        self.taken = 0
        self.losses = 0
        self.reads = True

    def received(self, data: str) -> None:
        self.messages.append(data)
        if not self.reads:
            self._session.pause_reading()

    def writable(self) -> None:
        self.taken += 1

    def lost(self) -> None:
        self.losses += 1


class Session(SockJsSession):
    """With what came of it, and a receiver at hand."""

    def __init__(self, limits: SockJsLimits = LIMITS) -> None:
        self.ends = 0
        super().__init__(limits, self._ended)
        self.inside = Inside(self)
        self.serve(self.inside)

    def _ended(self) -> None:
        self.ends += 1

    async def poll(self) -> str | None:
        """As one polling request does."""
        receiver = object()
        assert self.attach(receiver)
        frame = await self.next_frame()
        self.detach(receiver)
        return frame


@given(st.text(st.characters(), max_size=50))
def test_any_text_survives_the_framing(text: str) -> None:
    assert json.loads(quote(text)) == text
    assert read_messages(array_frame((text, "b"))[1:], 2) == [text, "b"]


def test_lone_surrogates_survive_too_and_can_be_written_as_utf_8() -> None:
    frame = array_frame(("\ud800x\udfff",))
    assert frame == r'a["\ud800x\udfff"]'
    assert read_messages(frame.encode()[1:], 9) == ["\ud800x\udfff"]


@pytest.mark.parametrize("payload", ['["a', "a", "[" * 100_000, b"\xff"])
def test_a_payload_that_is_not_json_is_broken(payload: str | bytes) -> None:
    with pytest.raises(BrokenFraming):
        read_messages(payload, 9)


@pytest.mark.parametrize("payload", ["", b"", "{}", "[1]", '["a", null]', "null", "0"])
def test_json_other_than_messages_is_refused(payload: str | bytes) -> None:
    with pytest.raises(PayloadExpected):
        read_messages(payload, 9)


def test_empty_messages_count() -> None:
    assert read_messages('["","",""]', 3) == ["", "", ""]
    with pytest.raises(TooManyMessages):
        read_messages('["","","",""]', 3)


def test_a_close_frame_is_json() -> None:
    assert close_frame(1001, 'a "reason"\n') == r'c[1001,"a \"reason\"\n"]'


async def test_a_session_opens_once_and_then_sends_messages_together() -> None:
    session = Session()
    assert await session.poll() == "o"
    for text in "abc":
        assert not session.send(text)
    assert await session.poll() == 'a["a","b","c"]'
    assert session.inside.taken == 1


async def test_a_message_without_a_receiver_does_not_count_as_sent() -> None:
    session = Session()
    await session.poll()
    assert not session.send("a")
    await eventually(lambda: session.ends == 1)  # the client never came back
    assert (session.inside.taken, session.inside.losses) == (0, 1)
    assert not session.send("b")


async def test_messages_beyond_one_array_wait() -> None:
    session = Session()
    await session.poll()
    for text in ("12345", "67890", "next"):
        session.send(text)
    assert session.attach(session)
    assert await session.next_frame() == 'a["12345","67890"]'
    assert session.inside.taken == 1, "the rest went into the next array"
    assert await session.next_frame() == 'a["next"]'


async def test_a_message_that_a_receiver_takes_counts_as_sent() -> None:
    session = Session()
    assert session.attach(session)
    assert await session.next_frame() == "o"
    assert session.send("12345")
    assert session.send("67890")
    assert not session.send("next")


async def test_an_idle_receiver_gets_heart_beats_and_a_busy_one_does_not() -> None:
    session = Session()
    assert session.attach(session)
    assert [await session.next_frame() for _ in range(3)] == ["o", "h", "h"]
    for _ in range(4):
        await asyncio.sleep(0.03)
        assert session.send("x")
        assert await session.next_frame() == 'a["x"]'


async def test_only_one_receiver_at_a_time() -> None:
    session, first, second = Session(), object(), object()
    assert session.attach(first)
    assert not session.attach(second)
    session.detach(second)
    session.abort(second)
    assert session.ends == 0
    session.detach(first)
    assert session.attach(second)


async def test_a_receiver_waits_until_the_one_before_it_is_detached() -> None:
    session, first = Session(sockjs_limits(detach_timeout=10)), object()
    assert session.attach(first)
    waiting = asyncio.create_task(session.wait_detached())
    await asyncio.sleep(0)
    assert not waiting.done()
    session.detach(first)
    await asyncio.wait_for(waiting, 10)


async def test_a_receiver_does_not_wait_long_for_one_that_stays() -> None:
    session = Session(sockjs_limits(detach_timeout=0.01))
    assert session.attach(session)
    await asyncio.wait_for(session.wait_detached(), 10)
    assert not session.attach(object())


@pytest.mark.parametrize("transport", ["xhr", "xhr_streaming"])
async def test_a_receiver_of_an_ended_session_gets_a_close_frame(transport: str) -> None:
    session = Session()
    sent: list[Event] = []
    session.vanish()

    async def receive() -> Event:
        never: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        return await never

    async def send(event: Event) -> None:
        sent.append(event)

    request = Request({"method": "POST", "headers": [], "query_string": b""}, receive, send)
    await asyncio.wait_for(DownstreamRequest(request, RECEIVERS[transport], "", LIMITS).run(session), 10)
    assert b"".join(event.get("body", b"") for event in sent).endswith(b'c[1002,"Connection interrupted"]\n')
    assert sent[-1]["more_body"] is False


async def test_a_receiver_that_breaks_off_ends_the_session() -> None:
    session = Session()
    assert session.attach(session)
    await session.next_frame()
    waiting = asyncio.create_task(session.next_frame())
    await asyncio.sleep(0)
    session.abort(session)
    assert (await waiting, session.ends, session.inside.losses) == (None, 1, 1)
    assert not session.send("a")


async def test_every_receiver_of_a_closed_session_gets_the_close_frame() -> None:
    session = Session()
    await session.poll()
    session.close(GO_AWAY)
    assert session.inside.losses == 0
    assert [await session.poll() for _ in range(2)] == ['c[3000,"Go away!"]'] * 2
    session.feed(["too late"])
    assert (session.inside.messages, session.inside.losses, session.ends) == ([], 1, 0)
    await eventually(lambda: session.ends == 1)


async def test_closing_does_not_wait_for_a_client_that_has_gone() -> None:
    session = Session()
    await session.poll()
    session.close(GO_AWAY)
    await eventually(lambda: session.ends == 1)
    assert session.inside.losses == 1


async def test_messages_before_the_close_come_first() -> None:
    session = Session()
    assert session.attach(session)
    assert session.send("last")
    session.close(GO_AWAY)
    assert [await session.next_frame() for _ in range(3)] == ["o", 'a["last"]', 'c[3000,"Go away!"]']


async def test_unread_messages_make_the_client_wait() -> None:
    session = Session()
    assert session.attach(session)
    session.inside.reads = False
    session.feed(["1", "2345678901"])
    waiting = asyncio.create_task(session.wait_room())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert session.inside.messages == ["1"]
    session.resume_reading()
    await asyncio.wait_for(waiting, 10)
    assert session.inside.messages == ["1", "2345678901"]
