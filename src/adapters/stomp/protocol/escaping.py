"""How a header's name and value are written in each version (STOMP 1.1 and 1.2, "Value Encoding")."""

import re
from collections.abc import Callable
from typing import Final

from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.version import Version

_MEANING: Final[dict[Version | None, dict[str, str]]] = {
    "1.1": {"n": "\n", "c": ":", "\\": "\\"},
    "1.2": {"r": "\r", "n": "\n", "c": ":", "\\": "\\"},
}
_SEQUENCE: Final = re.compile(r"\\(.?)", re.DOTALL)

# What a version has no escape for becomes a space: whatever the value, it must not open a second line or end the frame.
_WRITTEN: Final[dict[Version | None, dict[int, str]]] = {
    None: str.maketrans({"\r": " ", "\n": " ", "\0": " "}),
    "1.0": str.maketrans({"\n": " ", "\0": " "}),
    "1.1": str.maketrans({"\\": "\\\\", "\n": "\\n", ":": "\\c", "\0": " "}),
    "1.2": str.maketrans({"\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c", "\0": " "}),
}


def escape(text: str, version: Version | None) -> str:
    """`text` as it stands in a header line; `None` is for frames outside any version, such as CONNECTED."""
    return text.translate(_WRITTEN[version])


def unescaper(version: Version | None) -> Callable[[str], str] | None:
    """The function that reads a header's text, or `None` where backslashes mean nothing.

    It raises `ProtocolError` for a sequence that the version does not define.
    """
    meaning = _MEANING.get(version)
    if meaning is None:
        return None

    def replace(match: re.Match[str]) -> str:
        try:
            return meaning[match[1]]
        except KeyError:
            raise ProtocolError("undefined escape sequence in a header") from None

    return lambda text: _SEQUENCE.sub(replace, text)
