"""HTTP as it is on the wire: headers as they come, chunk by chunk, and connections that break off."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

TIMEOUT = 10


@dataclass
class Answer:
    """`headers` by lower-case name; `body` is what came with a length."""

    status: int
    version: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()

    def __getitem__(self, name: str) -> str:
        return self.headers.get(name, "")


class RawHttp:
    """One connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.transport.abort()

    async def ask(
        self, method: str, path: str, body: str | None = None, *, version: str = "1.1", **headers: str
    ) -> Answer:
        """The head of the answer, and its body when its length is told; underscores in names stand for hyphens."""
        lines = {"Host": f"{self._host}:{self._port}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        octets = (body or "").encode("utf-8", "surrogatepass")
        if body is not None or method == "POST":
            lines["Content-Length"] = str(len(octets))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._writer.write(f"{method} {self._base}{path} HTTP/{version}\r\n{head}\r\n".encode() + octets)
        return await asyncio.wait_for(self._answer(), TIMEOUT)

    async def _answer(self) -> Answer:
        _, _, rest = (await self._reader.readline()).decode().partition("HTTP/")
        version, status, *_ = rest.split()
        headers = {}
        while line := (await self._reader.readline()).decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        answer = Answer(int(status), version, headers)
        if length := headers.get("content-length"):
            answer.body = await self._reader.readexactly(int(length))
        return answer

    async def chunk(self) -> str:
        """The next chunk; empty is the last."""
        return await asyncio.wait_for(self._chunk(), TIMEOUT)

    async def _chunk(self) -> str:
        size = int(await self._reader.readline(), 16)
        octets = await self._reader.readexactly(size + 2)
        return octets[:-2].decode()

    async def rest(self) -> str:
        """All that comes until the server closes."""
        return (await asyncio.wait_for(self._reader.read(), TIMEOUT)).decode()


async def ask(url: str, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
    """One request on a connection of its own, its body complete."""
    async with RawHttp(url) as http:
        answer = await http.ask(method, path, body, **headers)
        if answer["transfer-encoding"] == "chunked":
            while chunk := await http.chunk():
                answer.body += chunk.encode()
        return answer
