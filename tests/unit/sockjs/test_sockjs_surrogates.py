"""A text that the client cuts anywhere, also inside a surrogate pair, comes out whole."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sockjs.protocol.framing import read_messages
from adapters.sockjs.protocol.surrogates import SurrogateJoiner
from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.encoder import write_frame

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("👋😀𝄞"), max_size=30)


def cut(text: str, *at: int) -> list[str]:
    """The pieces of `text`, cut at these UTF-16 units, as JavaScript does it."""
    units = text.encode("utf-16-le")
    ends = [0, *sorted(at), len(units) // 2]
    return [units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass") for start, end in itertools.pairwise(ends)]


@given(st.data(), TEXTS)
def test_the_pieces_of_a_text_join_to_the_text(data: st.DataObject, text: str) -> None:
    at = data.draw(st.lists(st.integers(0, len(text.encode("utf-16-le")) // 2), max_size=5))
    surrogates, pieces = SurrogateJoiner(), cut(text, *at)
    as_sent = [read_messages(json.dumps([piece]), 1) for piece in pieces]
    assert "".join(whole for sent in as_sent for whole in surrogates.join(sent)) == text


@given(st.lists(st.text(st.characters(categories=["Cs", "Ll"]), max_size=4), max_size=8))
def test_only_a_last_high_surrogate_is_kept_back(messages: list[str]) -> None:
    came = "".join(SurrogateJoiner().join(messages))
    sent = "".join(messages).encode("utf-16-le", "surrogatepass")
    assert sent.startswith(came.encode("utf-16-le", "surrogatepass"))
    assert len(sent) - len(came.encode("utf-16-le", "surrogatepass")) <= 2


def test_a_frame_is_read_wherever_it_is_split() -> None:
    frame = write_frame("SEND", {"destination": "/app/chat.send"}, "a😀👋b", "1.2")
    for at in range(len(frame.encode("utf-16-le")) // 2):
        surrogates, decoder = SurrogateJoiner(), FrameDecoder(max_frame_bytes=65_536)
        whole = surrogates.join(cut(frame, at))
        assert [read.body.decode() for text in whole for read in decoder.feed(text)] == ["a😀👋b"]


@pytest.mark.parametrize("rest", ["x", "\ud83d\ude00", "\n"])
def test_a_lone_surrogate_is_refused(rest: str) -> None:
    surrogates, decoder = SurrogateJoiner(), FrameDecoder(max_frame_bytes=65_536)
    assert surrogates.join(["\ud83d"]) == []
    with pytest.raises(ProtocolError):
        list(decoder.feed("".join(surrogates.join([rest, "end"]))))
