"""Calls of the API as raw octets, for requests that no client library sends."""

import asyncio
from urllib.parse import urlsplit

import msgspec

from tests.support.service.service_process import ServiceProcess

ME = "ann@example.org"
SESSION = "01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11"
SEEN = f'{{"readerEmail":"{ME}","intent":"friends","upToSeq":%s}}'
CLIENT_ID = "3d5b6f8e-0d5a-4c44-8a34-9a0e5a3f6b21"
MESSAGE = (
    f'{{"sessionId":"{SESSION}","senderEmail":"{ME}","intent":"friends","content":"x","clientMessageId":"{CLIENT_ID}"}}'
)


class Answer:
    """One answer as it came over the wire."""

    def __init__(self, octets: bytes) -> None:
        head, _, self.body = octets.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(status.split(" ")[1])
        self.headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}

    def is_sound(self) -> bool:
        """A refusal is a problem document; what the server itself cannot read has none."""
        if self.status < 400 or not self.headers.get("content-type", "").startswith("application/"):
            return True
        return bool(msgspec.json.decode(self.body)["status"] == self.status)


async def ask(service: ServiceProcess, method: str, path: str, token: str, body: bytes = b"", kind: str = "") -> Answer:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
    if method in {"POST", "PATCH"}:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return await exchange(service, head.encode("latin-1") + b"\r\n" + body)


async def exchange(service: ServiceProcess, octets: bytes) -> Answer:
    address = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(octets)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return Answer(answer)
