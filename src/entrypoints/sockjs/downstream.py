"""The transports that carry frames to the client: how each begins its answer, wraps a frame, and when it ends."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.sockjs.protocol.framing import quote
from entrypoints.sockjs.request import HTML, SCRIPT

_CALLBACK: Final = re.compile(r"[a-zA-Z0-9\-_.]+")
_HTML_HEAD: Final = """<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.{callback};
    c.start();
    function p(d) {{c.message(d);}};
    window.onload = function() {{c.stop();}};
  </script>
"""


class BadCallback(Exception):
    """The name of the callback is missing or invalid."""


@dataclass(frozen=True, slots=True)
class Downstream:
    """A transport to the client. `wrap` makes a frame readable for the browser.

    A polling transport ends after one frame.
    """

    method: str
    content_type: str
    wrap: Callable[[str, str], str]
    streaming: bool = False
    prelude: Callable[[str], str] = lambda _: ""
    with_callback: bool = False


def check_callback(callback: str) -> None:
    """Raises `BadCallback` with the text of the protocol. Any other character could inject a script."""
    if not callback:
        raise BadCallback('"callback" parameter required')
    if not _CALLBACK.fullmatch(callback):
        raise BadCallback('invalid "callback" parameter')


def _line(frame: str, _: str) -> str:
    return f"{frame}\n"


def _event(frame: str, _: str) -> str:
    return f"data: {frame}\r\n\r\n"


def _script(frame: str, _: str) -> str:
    """Escapes `</script>`, which would end the script."""
    quoted = quote(frame).replace("</", "<\\/")
    return f"<script>\np({quoted});\n</script>\r\n"


def _call(frame: str, callback: str) -> str:
    """The comment at the beginning prevents browsers from taking the answer for a Flash file."""
    return f"/**/{callback}({quote(frame)});\r\n"


def _html_head(callback: str) -> str:
    """Browsers show nothing of a page before its first kilobyte."""
    return f"{_HTML_HEAD.format(callback=callback):<1024}\r\n\r\n"


RECEIVERS: Final[Mapping[str, Downstream]] = {
    "xhr": Downstream("POST", SCRIPT, _line),
    "xhr_streaming": Downstream("POST", SCRIPT, _line, streaming=True, prelude=lambda _: f"{'h' * 2048}\n"),
    "eventsource": Downstream("GET", "text/event-stream", _event, streaming=True, prelude=lambda _: "\r\n"),
    "htmlfile": Downstream("GET", HTML, _script, streaming=True, prelude=_html_head, with_callback=True),
    "jsonp": Downstream("GET", SCRIPT, _call, with_callback=True),
}
