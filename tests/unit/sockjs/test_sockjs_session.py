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
from entrypoints.sockjs.receiving import Receiving
from entrypoints.sockjs.request import Request
from tests.support.eventually import eventually

LIMITS = SockJsLimits(heartbeat=0.05, disconnect_delay=0.05, max_unread=10, max_unsent=10)
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
    assert read_messages(array_frame((text, "b"))[1:]) == [text, "b"]


def test_lone_surrogates_survive_too_and_can_be_written_as_utf_8() -> None:
    frame = array_frame(("\ud800x\udfff",))
    assert frame == r'a["\ud800x\udfff"]'
    assert read_messages(frame.encode()[1:]) == ["\ud800x\udfff"]


@pytest.mark.parametrize("payload", ['["a', "a", "[" * 100_000, b"\xff"])
def test_what_is_not_json_is_broken(payload: str | bytes) -> None:
    with pytest.raises(BrokenFraming):
        read_messages(payload)


@pytest.mark.parametrize("payload", ["", b"", "{}", "[1]", '["a", null]', "null", "0"])
def test_what_is_not_messages_is_no_payload(payload: str | bytes) -> None:
    with pytest.raises(PayloadExpected):
        read_messages(payload)


def test_empty_messages_count_too() -> None:
    assert read_messages('["","",""]', 3) == ["", "", ""]
    with pytest.raises(TooManyMessages):
        read_messages('["","","",""]', 3)


def test_a_close_frame_is_json() -> None:
    assert close_frame(1001, 'a "reason"\n') == r'c[1001,"a \"reason\"\n"]'


async def test_it_opens_once_and_then_carries_messages_together() -> None:
    session = Session()
    assert await session.poll() == "o"
    for text in "abc":
        assert not session.send(text)
    assert await session.poll() == 'a["a","b","c"]'
    assert session.inside.taken == 1


async def test_nothing_counts_as_sent_while_nobody_takes_it() -> None:
    session = Session()
    await session.poll()
    assert not session.send("a")
    await eventually(lambda: session.ends == 1)  # the client never came back
    assert (session.inside.taken, session.inside.losses) == (0, 1)
    assert not session.send("b")


async def test_more_than_one_array_holds_waits() -> None:
    session = Session()
    await session.poll()
    for text in ("12345", "67890", "next"):
        session.send(text)
    assert session.attach(session)
    assert await session.next_frame() == 'a["12345","67890"]'
    assert session.inside.taken == 1, "the rest went into the next array"
    assert await session.next_frame() == 'a["next"]'


async def test_what_a_receiver_takes_along_counts_as_sent_at_once() -> None:
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


async def test_a_receiver_waits_for_the_one_before_it_to_be_known_as_gone() -> None:
    session, first = Session(SockJsLimits(notice=10)), object()
    assert session.attach(first)
    waiting = asyncio.create_task(session.free())
    await asyncio.sleep(0)
    assert not waiting.done()
    session.detach(first)
    await asyncio.wait_for(waiting, 1)


async def test_a_receiver_does_not_wait_long_for_one_that_stays() -> None:
    session = Session(SockJsLimits(notice=0.01))
    assert session.attach(session)
    await asyncio.wait_for(session.free(), 1)
    assert not session.attach(object())


@pytest.mark.parametrize("transport", ["xhr", "xhr_streaming"])
async def test_a_receiver_of_a_session_that_is_over_is_told_so(transport: str) -> None:
    session, sent = Session(), []
    session.vanish()

    async def receive() -> Event:
        return await asyncio.get_running_loop().create_future()

    async def send(event: Event) -> None:
        sent.append(event)

    request = Request({"method": "POST", "headers": [], "query_string": b""}, receive, send)
    await asyncio.wait_for(Receiving(request, RECEIVERS[transport], "", LIMITS).run(session), 1)
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


async def test_a_closed_session_says_so_to_everybody_until_it_expires() -> None:
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


async def test_what_was_sent_before_the_close_comes_before_it() -> None:
    session = Session()
    assert session.attach(session)
    assert session.send("last")
    session.close(GO_AWAY)
    assert [await session.next_frame() for _ in range(3)] == ["o", 'a["last"]', 'c[3000,"Go away!"]']


async def test_what_nobody_reads_keeps_the_client_waiting() -> None:
    session = Session()
    assert session.attach(session)
    session.inside.reads = False
    session.feed(["1", "2345678901"])
    waiting = asyncio.create_task(session.room())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert session.inside.messages == ["1"]
    session.resume_reading()
    await asyncio.wait_for(waiting, 1)
    assert session.inside.messages == ["1", "2345678901"]
