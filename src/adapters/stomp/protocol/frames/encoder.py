"""Frames of the server to text."""

from collections.abc import Mapping

from adapters.stomp.protocol.frames.escaping import escape
from adapters.stomp.protocol.frames.frame import UNESCAPED
from adapters.stomp.protocol.negotiation.version import Version


def write_frame(command: str, headers: Mapping[str, str], body: str = "", version: Version | None = None) -> str:
    """The text of a frame. Adds `content-length`, in octets, to a frame with a body.

    Headers are escaped by the rules of `version`, which is None before a version is agreed. CONNECTED is never escaped.
    """
    if command in UNESCAPED:
        version = None
    lines = "".join(f"{escape(name, version)}:{escape(value, version)}\n" for name, value in headers.items())
    length = f"content-length:{octets(body)}\n" if body else ""
    return f"{command}\n{lines}{length}\n{body}\0"


def octets(body: str) -> int:
    """The length of `body` in UTF-8. Does not encode ASCII text to count it."""
    return len(body) if body.isascii() else len(body.encode())
