"""Octets to frames and back. Knows no transport: a frame may arrive in any number of pieces, or many in one."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from adapters.stomp.protocol.errors import FrameTooLarge, ProtocolError
from adapters.stomp.protocol.escaping import escape, unescaper
from adapters.stomp.protocol.frame import COMMANDS, UNESCAPED, WITH_BODY, Frame
from adapters.stomp.protocol.version import Version

_EOLS: Final = re.compile(rb"[\r\n]+")
_MAX_LENGTH_DIGITS: Final = 18


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What stands before the body, which begins at octet `body_at`; `length` is None without a header."""

    command: str
    headers: dict[str, str]
    body_at: int
    length: int | None


class FrameDecoder:
    """Decodes what one peer sends; end-of-lines between frames (heart-beats) are swallowed.

    Limits, each enforced as soon as it is passed, however little of the frame has come:
    `max_frame_bytes` from the command to the NUL, `max_headers` header lines, `max_header_line` octets a line.
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

    def __init__(self, *, max_frame_bytes: int = 65_536, max_headers: int = 64, max_header_line: int = 8_192) -> None:
        self.max_frame_bytes = max_frame_bytes
        self.max_headers = max_headers
        self.max_header_line = max_header_line
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._scanned = 0  # octets of the frame at hand that were searched in vain
        self._lines = 0  # line feeds among them
        self._error: ProtocolError | None = None
        self.use(None)

    def use(self, version: Version | None) -> None:
        """Reads the frames that follow by the rules of `version`; `None`, the start, is for CONNECT.

        Only 1.2 (and CONNECT, which may be meant for it) ends lines with CRLF as well; elsewhere CR is data.
        """
        self._crlf = version is None or version == "1.2"
        self._unescape = unescaper(version)

    def feed(self, data: str | bytes) -> Iterator[Frame]:
        """Takes in `data` at once; the iterator decodes lazily, so that `use` acts on the very next frame.

        The frames before a fault come out first. Raises `ProtocolError`, `FrameTooLarge` for a limit; from then on
        the decoder is dead and every call raises the same error.
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
        """Octets of the body, or None when the NUL alone ends it."""
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
        """The place of the frame's NUL, or None while it has not come."""
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


def write_frame(command: str, headers: Mapping[str, str], body: str = "", version: Version | None = None) -> str:
    """The text of a frame that the server sends, `content-length` (octets) added to a body.

    CONNECTED is never escaped; so is what is written before a version is agreed (`None`).
    """
    if command in UNESCAPED:
        version = None
    lines = "".join(f"{escape(name, version)}:{escape(value, version)}\n" for name, value in headers.items())
    length = f"content-length:{octets(body)}\n" if body else ""
    return f"{command}\n{lines}{length}\n{body}\0"


def octets(body: str) -> int:
    """The length of `body` in UTF-8, without encoding it when it is ASCII."""
    return len(body) if body.isascii() else len(body.encode())


def encode_frame(frame: Frame, version: Version | None = None) -> str | bytes:
    """One WebSocket message for `frame`: text, or binary when the body is no UTF-8 or says octet-stream."""
    headers = {name: value for name, value in frame.headers.items() if name != "content-length"}
    if frame.headers.get("content-type", "").startswith("application/octet-stream"):
        return _binary(frame, headers, version)
    try:
        return write_frame(frame.command, headers, frame.body.decode(), version)
    except UnicodeDecodeError:
        return _binary(frame, headers, version)


def _binary(frame: Frame, headers: dict[str, str], version: Version | None) -> bytes:
    headers["content-length"] = str(len(frame.body))
    return write_frame(frame.command, headers, "", version)[:-1].encode() + frame.body + b"\0"
