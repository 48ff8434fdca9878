"""The codec: every case whole, octet by octet and with trailing data; and nothing but `ProtocolError` for any input."""

import contextlib
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stomp.protocol.errors import FrameTooLarge, ProtocolError
from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.encoder import write_frame
from adapters.stomp.protocol.frames.frame import Frame
from adapters.stomp.protocol.negotiation.version import Version
from tests.support.examples import more_examples

VERSIONS: tuple[Version, ...] = ("1.0", "1.1", "1.2")

CASES: list[tuple[str, Version | None, bytes, Frame]] = [
    ("lf", "1.2", b"SEND\ndestination:/a\n\nhi\0", Frame("SEND", {"destination": "/a"}, b"hi")),
    ("crlf", "1.2", b"SEND\r\ndestination:/a\r\n\r\nhi\0", Frame("SEND", {"destination": "/a"}, b"hi")),
    ("cr is data in 1.1", "1.1", b"SEND\na:b\r\n\nhi\0", Frame("SEND", {"a": "b\r"}, b"hi")),
    ("eols before", "1.2", b"\n\r\n\nSEND\n\n\0", Frame("SEND", {})),
    ("escapes of 1.2", "1.2", b"SEND\na\\c:\\r\\n\\c\\\\\n\n\0", Frame("SEND", {"a:": "\r\n:\\"})),
    ("no escapes in 1.0", "1.0", b"SEND\na:\\n\\x\n\n\0", Frame("SEND", {"a": "\\n\\x"})),
    ("connect is not unescaped", None, b"CONNECT\nlogin:a\\cb\n\n\0", Frame("CONNECT", {"login": "a\\cb"})),
    ("headers are not trimmed", "1.2", b"SEND\n a : b \n\n\0", Frame("SEND", {" a ": " b "})),
    ("raw colon in a value", "1.2", b"SEND\na:b:c\n\n\0", Frame("SEND", {"a": "b:c"})),
    ("the first of a repeated header", "1.2", b"SEND\na:1\na:2\n\n\0", Frame("SEND", {"a": "1"})),
    ("nul in a body", "1.2", b"SEND\ncontent-length:3\n\na\0b\0", Frame("SEND", {"content-length": "3"}, b"a\0b")),
    ("utf-8", "1.2", "SEND\nä:ö\n\n€\0".encode(), Frame("SEND", {"ä": "ö"}, "€".encode())),
]

BROKEN: list[tuple[str, Version | None, bytes]] = [
    ("unknown command", "1.2", b"JUMP\n\n\0"),
    ("lower case command", "1.2", b"send\n\n\0"),
    ("undefined escape", "1.2", b"SEND\na:\\t\n\n\0"),
    ("cr escape in 1.1", "1.1", b"SEND\na:\\r\n\n\0"),
    ("header without colon", "1.2", b"SEND\nabc\n\n\0"),
    ("negative content-length", "1.2", b"SEND\ncontent-length:-1\n\n\0"),
    ("content-length in words", "1.2", b"SEND\ncontent-length:two\n\n\0"),
    ("no nul after content-length", "1.2", b"SEND\ncontent-length:1\n\nab\0"),
    ("body on subscribe", "1.2", b"SUBSCRIBE\nid:1\ndestination:/a\n\nbody\0"),
    ("headers cut by nul", "1.2", b"SEND\na:b\0"),
    ("invalid utf-8 in headers", "1.2", b"SEND\na:\xff\n\n\0"),
]


def decode(version: Version | None, *pieces: bytes) -> list[Frame]:
    decoder = FrameDecoder(max_frame_bytes=65_536)
    decoder.use(version)
    return [frame for piece in pieces for frame in decoder.feed(piece)]


def encoded(frame: Frame, version: Version | None) -> bytes:
    """The octets of `frame`, whose body may be any octets."""
    headers = frame.headers | {"content-length": str(len(frame.body))}
    return write_frame(frame.command, headers, "", version)[:-1].encode() + frame.body + b"\0"


@pytest.mark.parametrize(("version", "data", "frame"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
class TestCases:
    def test_a_frame_is_decoded_as_a_whole(self, version: Version | None, data: bytes, frame: Frame) -> None:
        assert decode(version, data) == [frame]

    def test_a_frame_is_decoded_octet_by_octet(self, version: Version | None, data: bytes, frame: Frame) -> None:
        assert decode(version, *(bytes([octet]) for octet in data)) == [frame]

    def test_a_frame_is_decoded_with_trailing_data(self, version: Version | None, data: bytes, frame: Frame) -> None:
        assert decode(version, data + b"\n" + data + b"SEND\n") == [frame, frame]

    def test_a_frame_survives_a_round_trip(self, version: Version | None, data: bytes, frame: Frame) -> None:
        again = decode(version, encoded(frame, version))[0]
        again.headers.pop("content-length", None)
        assert again.headers == {name: text for name, text in frame.headers.items() if name != "content-length"}
        assert (again.command, again.body) == (frame.command, frame.body)


@pytest.mark.parametrize(("version", "data"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_broken_frames_are_protocol_errors(version: Version | None, data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(version, data)
    with pytest.raises(ProtocolError):
        decode(version, *(bytes([octet]) for octet in data))


def test_frames_before_a_fault_come_out_first_and_the_decoder_is_dead_after_it() -> None:
    decoder = FrameDecoder(max_frame_bytes=65_536)
    decoder.use("1.2")
    frames = decoder.feed(b"SEND\n\n\0JUMP\n\n\0")
    assert next(frames).command == "SEND"
    with pytest.raises(ProtocolError):
        next(frames)
    with pytest.raises(ProtocolError):
        list(decoder.feed(b"SEND\n\n\0"))


@pytest.mark.parametrize(
    "data",
    [
        b"SEND\n\n" + b"x" * 65_537,
        b"SEND\ncontent-length:16777216\n\n",
        b"SEND\na:" + b"x" * 17_409,
        b"SEND\n" + b"a:b\n" * 65,
        b"x" * 65_537,
    ],
    ids=["body", "announced body", "header line", "number of headers", "no head at all"],
)
def test_a_limit_is_enforced_while_the_frame_is_unfinished(data: bytes) -> None:
    with pytest.raises(FrameTooLarge) as refused:
        decode("1.2", data)
    assert refused.value.code == "too-large"


@given(st.lists(st.binary(max_size=60)), st.sampled_from((None, *VERSIONS)))
def test_any_octets_are_frames_or_a_protocol_error(pieces: list[bytes], version: Version | None) -> None:
    try:
        frames = decode(version, *pieces)
    except ProtocolError:
        return
    assert all(frame.command for frame in frames)


nearly_stomp = st.lists(
    st.sampled_from(
        [
            *(
                b"SEND",
                b"CONNECT",
                b"STOMP",
                b"SUBSCRIBE",
                b"ACK",
                b"MESSAGE",
                b"\n",
                b"\n\n",
                b"\r\n",
                b"\r",
                b"\0",
                b":",
            ),
            *(
                b"a:b\n",
                b"a:b\r\n",
                b"\\",
                b"\\c",
                b"\\r",
                b"\\t",
                b"\xff",
                "é€😀".encode(),
                b"\xed\xa0\x80",
                b"\xef\xbb\xbf",
            ),
            *(
                b"content-length:",
                b"content-length:3\n",
                b"content-length:0\n",
                b"content-length:-1\n",
                b"1",
                b"99999999999",
            ),
            *(b"SEND\na:b\n\nbody\0", b"x" * 40),
        ]
    )
    | st.binary(max_size=3),
    max_size=25,
)


def outcome(version: Version | None, pieces: Iterable[bytes]) -> tuple[list[Frame], bool]:
    """The frames that came out, and whether a `ProtocolError` ended it; the limits are in reach."""
    decoder = FrameDecoder(max_frame_bytes=120, max_headers=4, max_header_line=60)
    decoder.use(version)
    frames: list[Frame] = []
    try:
        for piece in pieces:
            for frame in decoder.feed(piece):
                frames.append(frame)  # noqa: PERF402 - those before a fault count
    except ProtocolError:
        return frames, True
    return frames, False


@more_examples(5)
@given(nearly_stomp, st.sampled_from((None, *VERSIONS)), st.data())
def test_near_frames_decode_equally_in_any_chunks(
    parts: list[bytes], version: Version | None, data: st.DataObject
) -> None:
    octets = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=8)))
    chunks = [octets[start:end] for start, end in pairwise([0, *cuts, len(octets)])]
    whole = outcome(version, [octets])
    assert outcome(version, chunks) == whole
    assert outcome(version, (bytes([octet]) for octet in octets)) == whole


@given(st.text(st.characters()))
def test_any_text_is_frames_or_a_protocol_error(text: str) -> None:
    decoder = FrameDecoder(max_frame_bytes=65_536)
    with contextlib.suppress(ProtocolError):
        assert all(frame.command for frame in decoder.feed(text))


header_text = st.text(st.characters(exclude_characters="\0\r\n:\\", exclude_categories=["Cs"]), min_size=1, max_size=12)
any_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(
    st.sampled_from(VERSIONS),
    st.dictionaries(header_text, any_text, max_size=5),
    st.binary(max_size=80),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_any_frame_survives_any_chunking(
    version: Version, headers: dict[str, str], body: bytes, cuts: list[int]
) -> None:
    headers.pop("content-length", None)
    if version != "1.2":
        headers = {name: text.replace("\r", "") for name, text in headers.items()}
    if version == "1.0":
        headers = {name: text.replace("\n", "") for name, text in headers.items()}
    data = encoded(Frame("MESSAGE", headers, body), version)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    (frame,) = decode(version, *(data[start:end] for start, end in pairwise(places)))
    frame.headers.pop("content-length", None)
    assert (frame.headers, frame.body) == (headers, body)
