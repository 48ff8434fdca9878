"""Frames of a client, in pieces and broken. The peer is the library `websockets`."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol, State

from adapters.websocket.framing import (
    MAX_FRAGMENTS,
    FrameReader,
    FramingError,
    MessageTooLarge,
    close_frame,
    code_to_echo,
    frame,
)
from adapters.websocket.framing import Opcode as Ours

MAX_MESSAGE = 100_000
SIZES = [0, 1, 5, 124, 125, 126, 127, 300, 65_535, 65_536, 70_000]
MESSAGES = st.lists(
    st.tuples(st.sampled_from([Opcode.TEXT, Opcode.BINARY]), st.sampled_from(SIZES), st.integers(1, 4)), max_size=6
)


def written(opcode: Opcode, payload: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


def in_fragments(opcode: Opcode, payload: bytes, count: int) -> bytes:
    """With a ping between any two."""
    cuts = [len(payload) * place // count for place in range(count + 1)]
    pieces = [
        written(opcode if place == 0 else Opcode.CONT, payload[cuts[place] : cuts[place + 1]], place == count - 1)
        for place in range(count)
    ]
    return written(Opcode.PING, b"?").join(pieces)


def read(reader: FrameReader, octets: bytes, chunk: int) -> list[tuple[int, bytes]]:
    return [found for start in range(0, len(octets), chunk) for found in reader.feed(octets[start : start + chunk])]


@given(MESSAGES, st.sampled_from([1, 7, 4_096, 1_000_000]))
def test_messages_are_read_from_any_pieces(messages: Sequence[tuple[Opcode, int, int]], chunk: int) -> None:
    sent = [(opcode, bytes(place % 251 for place in range(size)), count) for opcode, size, count in messages]
    octets = b"".join(in_fragments(*one) for one in sent)
    came = read(FrameReader(MAX_MESSAGE), octets, chunk if len(octets) < 10_000 else max(chunk, 1_000))
    assert [one for one in came if one[0] != Opcode.PING] == [(opcode, payload) for opcode, payload, _ in sent]
    assert [one for one in came if one[0] == Opcode.PING] == [(9, b"?")] * sum(count - 1 for *_, count in sent)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", [Ours.TEXT, Ours.BINARY])
def test_the_peer_reads_our_frames(opcode: Ours, size: int) -> None:
    peer = Protocol(CLIENT, state=State.OPEN)
    peer.receive_data(frame(opcode, b"x" * size))
    (event,) = peer.events_received()
    assert isinstance(event, Frame)
    assert (int(event.opcode), event.data, event.fin) == (int(opcode), b"x" * size, True)


def test_the_peer_reads_our_close_frame() -> None:
    peer = Protocol(CLIENT, state=State.OPEN)
    peer.receive_data(close_frame(1001, "the service is restarting"))
    assert (peer.close_rcvd.code, peer.close_rcvd.reason) == (1001, "the service is restarting")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "octets",
    [
        b"\x83\x80\0\0\0\0",
        b"\x8b\x80\0\0\0\0",
        b"\xf1\x80\0\0\0\0",
        b"\x81\x01a",
        b"\x89\xfe\x00\x7e\0\0\0\0" + b"a" * 126,
        b"\x09\x80\0\0\0\0",
        b"\x80\x80\0\0\0\0",
        b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0",
        b"\x81\xff\x80" + b"\0" * 7 + b"\0\0\0\0",
    ],
    ids=[
        "reserved opcode",
        "reserved control opcode",
        "reserved bits",
        "not masked",
        "long ping",
        "fragmented ping",
        "a continuation of nothing",
        "a message within another",
        "a length of 64 bits",
    ],
)
@pytest.mark.parametrize("chunk", [1, 100])
def test_a_broken_frame_is_an_error_after_the_messages_before_it(octets: bytes, chunk: int) -> None:
    reader = FrameReader(MAX_MESSAGE)
    came: list[tuple[int, bytes | None]] = []

    def feed_all() -> None:
        everything = written(Opcode.TEXT, b"before") + octets
        for start in range(0, len(everything), chunk):
            came.extend(reader.feed(everything[start : start + chunk]))

    with pytest.raises(FramingError) as raised:
        feed_all()
    assert came == [(1, b"before")]
    assert raised.value.code == 1002


@pytest.mark.parametrize("count", [1, 3])
def test_a_message_is_too_large_by_its_length_alone(count: int) -> None:
    octets = in_fragments(Opcode.TEXT, b"x" * (MAX_MESSAGE + 1), count)
    size_of_payload = (MAX_MESSAGE + 1) // count
    with pytest.raises(MessageTooLarge):
        read(FrameReader(MAX_MESSAGE), octets[: len(octets) - size_of_payload], 4_096)


def test_a_message_has_a_limited_number_of_frames() -> None:
    reader = FrameReader(MAX_MESSAGE)
    octets = written(Opcode.TEXT, b"", False) + written(Opcode.CONT, b"", False) * (MAX_FRAGMENTS - 1)
    assert read(reader, octets, 100) == []
    with pytest.raises(MessageTooLarge):
        list(reader.feed(written(Opcode.CONT, b"", False)))


@pytest.mark.parametrize(("payload", "code"), [(b"", 1000), (b"\x03\xe8", 1000), (b"\x0f\xa1why", 4001)])
def test_a_close_is_answered_with_its_own_code(payload: bytes, code: int) -> None:
    assert code_to_echo(payload) == code


@pytest.mark.parametrize(
    ("payload", "code"), [(b"\x03", 1002), (b"\x03\xed", 1002), (b"\xff\xff", 1002), (b"\x03\xe8\xff", 1007)]
)
def test_a_broken_close_frame_is_an_error(payload: bytes, code: int) -> None:
    with pytest.raises(FramingError) as raised:
        code_to_echo(payload)
    assert raised.value.code == code
