"""The answers of an endpoint without a session: greeting, info and the iframe page."""

import json
import secrets
from hashlib import sha256
from typing import Final

from application.ports.clock import Clock
from entrypoints.sockjs.headers import cached_for_a_year, cors, never_cached
from entrypoints.sockjs.request import HTML, TEXT, Request

_IFRAME: Final = """<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="{client_url}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>"""


async def greeting(request: Request) -> None:
    """Answers with the greeting of SockJS."""
    await request.answer(200, "Welcome to SockJS!\n", TEXT)


async def info(request: Request, *, websocket: bool, cookie_needed: bool) -> None:
    """Answers with what the endpoint supports. `entropy` is for browsers without a random source."""
    request.answer_headers |= never_cached() | cors(request)
    info = {
        "websocket": websocket,
        "cookie_needed": cookie_needed,
        "origins": ["*:*"],
        "entropy": secrets.randbits(32),
    }
    await request.answer(200, json.dumps(info), "application/json; charset=UTF-8")


class IframePage:
    """The iframe page. It depends only on the version in its address, so that it can be cached."""

    def __init__(self, client_url: str, clock: Clock) -> None:
        self._clock = clock
        self._body = _IFRAME.format(client_url=client_url)
        self._etag = f'"{sha256(self._body.encode()).hexdigest()[:32]}"'

    async def answer(self, request: Request) -> None:
        """Answers with the page."""
        request.answer_headers |= cached_for_a_year(self._clock.now()) | {"etag": self._etag}
        if request.headers.get("if-none-match") == self._etag:
            await request.answer(304)
        else:
            await request.answer(200, self._body, HTML)
