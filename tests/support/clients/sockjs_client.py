"""A SockJS client that polls, one request at a time, so that a test decides what is under way when."""

import json
from types import TracebackType
from typing import Self
from uuid import uuid4

import aiohttp

from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.encoder import write_frame
from adapters.stomp.protocol.frames.frame import Frame


class SockJsPoller:
    """`headers` go with every request; `frames` are the STOMP frames that came."""

    keeps_cookies = False

    def __init__(self, url: str, **headers: str) -> None:
        self.session = f"{url}/000/{uuid4()}"
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._decoder = FrameDecoder(max_frame_bytes=10_000_000)
        self._decoder.use("1.2")
        self.frames: list[Frame] = []

    async def __aenter__(self) -> Self:
        jar = aiohttp.CookieJar(unsafe=True) if self.keeps_cookies else aiohttp.DummyCookieJar()
        self._http = aiohttp.ClientSession(cookie_jar=jar)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def poll(self, **changes: str) -> tuple[int, str]:
        """Status and SockJS frame; the messages in it are read."""
        status, text = await self._post("xhr", None, changes)
        if text.startswith("a"):
            for message in json.loads(text[1:]):
                self.frames.extend(self._decoder.feed(message))
        return status, text.strip()

    async def post(self, *messages: str, **changes: str) -> int:
        """The status of sending these; `changes` are headers instead of the usual ones."""
        return (await self._post("xhr_send", json.dumps(messages), changes))[0]

    async def say(self, command: str, body: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        assert await self.post(write_frame(command, named, body, "1.2")) == 204

    async def got(self, command: str) -> Frame:
        """The first frame of this command that was not taken yet."""
        while not (found := [frame for frame in self.frames if frame.command == command]):
            status, text = await self.poll()
            assert (status, text[:1]) in {(200, "a"), (200, "o"), (200, "h")}, text
        self.frames.remove(found[0])
        return found[0]

    async def connect(self, token: str) -> None:
        assert await self.poll() == (200, "o")
        await self.say("CONNECT", accept_version="1.2", **({"Authorization": f"Bearer {token}"} if token else {}))
        await self.got("CONNECTED")

    async def _post(self, transport: str, body: str | None, changes: dict[str, str]) -> tuple[int, str]:
        headers = self.headers | changes
        headers = {name: value for name, value in headers.items() if value}
        async with self._http.post(f"{self.session}/{transport}", data=body, headers=headers) as answer:
            return answer.status, await answer.text()
