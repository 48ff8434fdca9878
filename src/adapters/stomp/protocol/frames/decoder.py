"""Octets to frames. A frame may arrive in many pieces, and a piece may have many frames."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from adapters.stomp.protocol.errors import FrameTooLarge, ProtocolError
from adapters.stomp.protocol.frames.escaping import unescaper
from adapters.stomp.protocol.frames.frame import COMMANDS, UNESCAPED, WITH_BODY, Frame
from adapters.stomp.protocol.limits import MAX_HEADER_LINE, MAX_HEADERS
from adapters.stomp.protocol.negotiation.version import Version

_EOLS: Final = re.compile(rb"[\r\n]+")
_MAX_LENGTH_DIGITS: Final = 18


class _Head(msgspec.Struct, frozen=True, gc=False):
    """The part before the body, which begins at octet `body_at`. `length` is None without `content-length`."""

    command: str
    headers: dict[str, str]
    body_at: int
    length: int | None


class FrameDecoder:
    """Decodes the frames of one peer. Ignores line ends between frames, which are heart-beats.

    A frame has at most `max_frame_bytes` octets from the command to the NUL, `max_headers` header lines, and
    `max_header_line` octets in a line. Each limit is enforced as soon as it is passed, in unfinished frames too.
    """

    __slots__ = (
        "_buffer",
        "_crlf",
        "_error",
        "_head",
        "_lines",
        "_scanned",
        "_unescape",
        "max_frame_bytes",
        "max_header_line",
        "max_headers",
    )

    def __init__(
        self, *, max_frame_bytes: int, max_headers: int = MAX_HEADERS, max_header_line: int = MAX_HEADER_LINE
    ) -> None:
        self.max_frame_bytes = max_frame_bytes
        self.max_headers = max_headers
        self.max_header_line = max_header_line
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._scanned = 0  # octets of the current frame that were searched without success
        self._lines = 0  # line feeds among them
        self._error: ProtocolError | None = None
        self.use(None)

    def use(self, version: Version | None) -> None:
        """Decodes the following frames by the rules of `version`. None is for CONNECT, and the initial state.

        Lines may end with CRLF in 1.2, and in CONNECT, which may be one of 1.2. Elsewhere CR is data.
        """
        self._crlf = version is None or version == "1.2"
        self._unescape = unescaper(version)

    def feed(self, data: str | bytes) -> Iterator[Frame]:
        """Takes `data` at once, and decodes it lazily, so that `use` affects the next frame.

        Raises `ProtocolError` after the frames before the fault, `FrameTooLarge` for a limit. After that every call
        raises the same error.
        """
        if self._error is None:
            try:
                self._buffer += data.encode() if isinstance(data, str) else data
            except UnicodeEncodeError:
                self._error = ProtocolError("the text has lone surrogates")
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        if self._error is not None:
            raise self._error
        try:
            while (frame := self._next()) is not None:
                yield frame
        except ProtocolError as error:
            self._error = error
            self._buffer.clear()
            raise

    def _next(self) -> Frame | None:
        buffer = self._buffer
        head = self._head
        if head is None:
            if not buffer:
                return None
            if buffer[0] in b"\r\n" and (eols := _EOLS.match(buffer)):
                del buffer[: eols.end()]
            head = self._read_head()
            if head is None:
                return None
        nul = self._find_end(head)
        if nul is None:
            self._head = head
            return None
        frame = Frame(head.command, head.headers, bytes(buffer[head.body_at : nul]))
        del buffer[: nul + 1]
        self._head = None
        self._scanned = self._lines = 0
        return frame

    def _read_head(self) -> _Head | None:
        buffer = self._buffer
        start = max(self._scanned - 2, 0)
        end = buffer.find(b"\n\n", start)
        body_at = end + 2
        if self._crlf:
            crlf = buffer.find(b"\n\r\n", start, len(buffer) if end < 0 else end + 1)
            if crlf >= 0:
                end, body_at = crlf, crlf + 3
        if end < 0:
            self._check_unfinished_head()
            return None
        if body_at > self.max_frame_bytes:
            raise FrameTooLarge(f"a frame has at most {self.max_frame_bytes} octets")
        self._scanned = 0
        return self._parse_head(buffer[:end], body_at)

    def _check_unfinished_head(self) -> None:
        buffer, scanned = self._buffer, self._scanned
        if buffer.find(0, scanned) >= 0:
            raise ProtocolError("the frame ends before the blank line after its headers")
        self._lines += buffer.count(b"\n", scanned)
        line_at = buffer.rfind(b"\n", max(scanned - self.max_header_line - 1, 0), scanned) + 1
        long = len(buffer) - line_at > self.max_header_line
        longest_line = max(map(len, buffer[line_at:].split(b"\n"))) if long else 0
        if len(buffer) > self.max_frame_bytes:
            raise FrameTooLarge(f"a frame has at most {self.max_frame_bytes} octets")
        self._check_head(self._lines - 1, longest_line)
        self._scanned = len(buffer)

    def _check_head(self, header_count: int, longest_line: int) -> None:
        if header_count > self.max_headers:
            raise FrameTooLarge(f"a frame has at most {self.max_headers} headers")
        if longest_line > self.max_header_line:
            raise FrameTooLarge(f"a header line has at most {self.max_header_line} octets")

    def _parse_head(self, raw: bytearray, body_at: int) -> _Head:
        if len(raw) > self.max_header_line:
            self._check_head(0, max(map(len, raw.split(b"\n"))))
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise ProtocolError("the headers are not UTF-8") from None
        if "\0" in text:
            raise ProtocolError("the frame ends before the blank line after its headers")
        command, *lines = text.split("\n")
        self._check_head(len(lines), 0)
        if self._crlf and "\r" in text:
            command, *lines = (line.removesuffix("\r") for line in (command, *lines))
        if command not in COMMANDS:
            raise ProtocolError("unknown command")
        headers: dict[str, str] = {}
        try:
            self._parse_headers(lines, headers, escaped="\\" in text and command not in UNESCAPED)
            length = self._content_length(command, headers, body_at)
        except ProtocolError as error:
            error.receipt_id = headers.get("receipt")
            raise
        return _Head(command, headers, body_at, length)

    def _parse_headers(self, lines: list[str], headers: dict[str, str], *, escaped: bool) -> None:
        unescape = self._unescape if escaped else None
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name:
                raise ProtocolError("a header line is not `name:value`")
            if unescape is not None:
                name, value = unescape(name), unescape(value)
            if name not in headers:  # "Repeated Header Entries": the first one counts
                headers[name] = value

    def _content_length(self, command: str, headers: Mapping[str, str], body_at: int) -> int | None:
        """The length of the body in octets, or None when only the NUL ends it."""
        text = headers.get("content-length")
        if text is None:
            return None if command in WITH_BODY else 0
        if not (text.isascii() and text.isdigit()):
            raise ProtocolError("content-length is not a number of octets")
        if len(text) > _MAX_LENGTH_DIGITS or body_at + int(text) > self.max_frame_bytes:
            raise FrameTooLarge(f"a frame has at most {self.max_frame_bytes} octets")
        if command not in WITH_BODY and int(text):
            raise ProtocolError(f"{command} has no body")
        return int(text)

    def _find_end(self, head: _Head) -> int | None:
        """The place of the frame's NUL, or None while the frame is incomplete."""
        buffer = self._buffer
        if head.length is not None:
            nul = head.body_at + head.length
            if nul >= len(buffer):
                return None
            if buffer[nul]:
                reason = "content-length octets are not followed by NUL" if head.length else "no body is allowed here"
                raise ProtocolError(reason, receipt_id=head.headers.get("receipt"))
            return nul
        nul = buffer.find(0, max(head.body_at, self._scanned))
        if (nul if nul >= 0 else len(buffer)) > self.max_frame_bytes:
            raise FrameTooLarge(
                f"a frame has at most {self.max_frame_bytes} octets", receipt_id=head.headers.get("receipt")
            )
        self._scanned = len(buffer)
        return nul if nul >= 0 else None
