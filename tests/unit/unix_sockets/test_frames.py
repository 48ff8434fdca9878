"""Frames between two workers: whole, in pieces, and garbage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.unix_sockets.frames import BadFrame, FrameReader, Hello, frame, read_hello, write_hello


@given(st.lists(st.binary(max_size=300)), st.integers(1, 64))
def test_frames_arrive_whole_however_they_are_cut(payloads: list[bytes], step: int) -> None:
    data = b"".join(map(frame, payloads))
    reader = FrameReader()
    got = [payload for at in range(0, len(data), step) for payload in reader.feed(data[at : at + step])]
    assert got == payloads


def test_a_frame_that_is_too_long_is_refused_by_its_length() -> None:
    reader = FrameReader(max_frame=10)
    assert list(reader.feed(frame(b"x" * 10))) == [b"x" * 10]
    with pytest.raises(BadFrame):
        list(reader.feed((11).to_bytes(4)))


def test_a_hello_survives_a_round_trip() -> None:
    hello = Hello(b"secret", "form", 3, "life", 7)
    assert read_hello(write_hello(hello)) == hello


@given(st.binary())
def test_garbage_is_not_a_hello(payload: bytes) -> None:
    with pytest.raises(BadFrame):
        read_hello(payload)


def test_a_hello_with_negative_numbers_is_refused() -> None:
    with pytest.raises(BadFrame):
        read_hello(write_hello(Hello(b"secret", "form", -1, "life", 0)))
