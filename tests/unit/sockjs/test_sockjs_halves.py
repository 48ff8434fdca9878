"""A text that the client cuts anywhere, also inside a surrogate pair, comes out whole."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sockjs.protocol.framing import read_messages
from adapters.sockjs.protocol.halves import HalfJoiner
from adapters.stomp.protocol.codec import FrameDecoder, write_frame
from adapters.stomp.protocol.errors import ProtocolError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("👋😀𝄞"), max_size=30)


def cut(text: str, *at: int) -> list[str]:
    """The pieces of `text`, cut at these UTF-16 units, as JavaScript does it."""
    units = text.encode("utf-16-le")
    ends = [0, *sorted(at), len(units) // 2]
    return [units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass") for start, end in itertools.pairwise(ends)]


@given(st.data(), TEXTS)
def test_the_pieces_of_a_text_are_the_text_again(data: st.DataObject, text: str) -> None:
    at = data.draw(st.lists(st.integers(0, len(text.encode("utf-16-le")) // 2), max_size=5))
    halves, pieces = HalfJoiner(), cut(text, *at)
    as_sent = [read_messages(json.dumps([piece])) for piece in pieces]
    assert "".join(whole for sent in as_sent for whole in halves.join(sent)) == text


@given(st.lists(st.text(st.characters(categories=["Cs", "Ll"]), max_size=4), max_size=8))
def test_no_half_is_lost_but_one_that_waits_at_the_end(messages: list[str]) -> None:
    came = "".join(HalfJoiner().join(messages))
    sent = "".join(messages).encode("utf-16-le", "surrogatepass")
    assert sent.startswith(came.encode("utf-16-le", "surrogatepass"))
    assert len(sent) - len(came.encode("utf-16-le", "surrogatepass")) <= 2


def test_every_cut_of_a_frame_is_read() -> None:
    frame = write_frame("SEND", {"destination": "/app/chat.send"}, "a😀👋b", "1.2")
    for at in range(len(frame.encode("utf-16-le")) // 2):
        halves, decoder = HalfJoiner(), FrameDecoder()
        whole = halves.join(cut(frame, at))
        assert [read.body.decode() for text in whole for read in decoder.feed(text)] == ["a😀👋b"]


@pytest.mark.parametrize("rest", ["x", "\ud83d\ude00", "\n"])
def test_a_half_that_is_never_completed_is_refused(rest: str) -> None:
    halves, decoder = HalfJoiner(), FrameDecoder()
    assert halves.join(["\ud83d"]) == []
    with pytest.raises(ProtocolError):
        list(decoder.feed("".join(halves.join([rest, "end"]))))
