"""Escapes names and values of headers by version (STOMP 1.1 and 1.2, "Value Encoding")."""

import re
from collections.abc import Callable
from typing import Final

from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.negotiation.version import Version

_UNESCAPED: Final[dict[Version | None, dict[str, str]]] = {
    "1.1": {"n": "\n", "c": ":", "\\": "\\"},
    "1.2": {"r": "\r", "n": "\n", "c": ":", "\\": "\\"},
}
_SEQUENCE: Final = re.compile(r"\\(.?)", re.DOTALL)

# A character without an escape becomes a space: no value may begin a second line or end the frame.
_ESCAPED: Final[dict[Version | None, dict[int, str]]] = {
    None: str.maketrans({"\r": " ", "\n": " ", "\0": " "}),
    "1.0": str.maketrans({"\n": " ", "\0": " "}),
    "1.1": str.maketrans({"\\": "\\\\", "\n": "\\n", ":": "\\c", "\0": " "}),
    "1.2": str.maketrans({"\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c", "\0": " "}),
}


def escape(text: str, version: Version | None) -> str:
    """`text` as it is written in a header line. `version` is None for frames of no version, such as CONNECTED."""
    return text.translate(_ESCAPED[version])


def unescaper(version: Version | None) -> Callable[[str], str] | None:
    """A function that unescapes the text of a header, or None for a version without escapes.

    The function raises `ProtocolError` for a sequence that the version does not define.
    """
    unescaped = _UNESCAPED.get(version)
    if unescaped is None:
        return None

    def replace(match: re.Match[str]) -> str:
        try:
            return unescaped[match[1]]
        except KeyError:
            raise ProtocolError("undefined escape sequence in a header") from None

    return lambda text: _SEQUENCE.sub(replace, text)
