"""What no client library would send: every one is answered in the API's own terms or cut off, and none is a failure."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest

from application.ports.sessions import SessionPosition
from application.wire.session_cursor import encode_cursor
from domain.identifiers import SessionId
from tests.support.eventually import eventually
from tests.support.service.service_process import ServiceProcess

ME = "ann@example.org"
SESSION = "01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11"
INIT = f'{{"fromEmail":"{ME}","toEmail":"bob@example.org","intent":"friends"}}'.encode()
SEEN = f'{{"readerEmail":"{ME}","intent":"friends","upToSeq":%s}}'
SESSIONS = f"/api/chat/sessions?email={ME}"
HISTORY = f"/api/chat/{SESSION}/history"
ENDS = [time.replace(tzinfo=UTC) for time in (datetime.min, datetime.max)]

GETS: list[tuple[str, set[int]]] = [
    ("/api/chat/%00/history", {422}),
    ("/api/chat/%ff%fe/history", {422}),
    ("/api/chat/%zz/history", {422}),
    ("/api/chat/\x00/history", {400}),
    ("/api/chat/\xff/history", {400, 422}),
    (f"{HISTORY}?before=99999999999999999999999999999999", {422}),
    (f"{HISTORY}?before={'9' * 5_000}", {422}),
    (f"{HISTORY}?before=-1", {422}),
    (f"{HISTORY}?before=NaN", {422}),
    (f"{HISTORY}?before=", {422}),
    (f"{HISTORY}?limit=true", {422}),
    (f"{HISTORY}?limit=%EF%BC%91", {422}),
    (f"{HISTORY}?after=9223372036854775807", {404}),
    ("/api/chat/sessions?email=a%00@example.org", {422}),
    ("/api/chat/sessions?email=%ff@example.org", {403}),
    ("/api/chat/sessions?email=%ed%a0%80@example.org", {403}),
    ("/api/chat/sessions?email=\xff", {400, 422}),
    ("/api/chat/sessions?email=" + "a" * 30_000, {422}),
    ("/api/chat/sessions?" + "&".join(f"a{number}=1" for number in range(3_000)), {422}),
    (f"{SESSIONS}&limit=1&limit=2", {200}),
    (f"{SESSIONS}&email=eve@example.org", {403}),
    (f"{SESSIONS}&intent=", {422}),
    (f"{SESSIONS}&intent=%00", {422}),
    (f"{SESSIONS}&cursor=", {422}),
    (f"{SESSIONS}&cursor=%00", {422}),
    (f"{SESSIONS}&cursor=" + "f" * 43, {422}),
    *(
        (f"{SESSIONS}&cursor={encode_cursor(SessionPosition(time, time, SessionId(UUID(SESSION))))}", {200})
        for time in ENDS
    ),
    ("//api/chat/nowhere", {404}),
    ("/api/chat/nowhere", {404}),
]
BODIES: list[tuple[str, bytes, str, set[int]]] = [
    ("init", INIT, "text/plain", {200}),
    ("init", INIT, "application/json; charset=klingon", {200}),
    ("init", INIT, "\xff", {200}),
    ("init", INIT.decode().encode("utf-16"), "application/json; charset=utf-16", {400}),
    ("init", b"\xff\xfe", "application/json", {400}),
    ("init", INIT.replace(b"bob", b"\xff"), "application/json", {400}),
    ("init", INIT.replace(b"bob", b"\\ud800"), "application/json", {422}),
    ("init", INIT.replace(b"toEmail", b"\\ud800"), "application/json", {400}),
    ("init", INIT.replace(b"bob", b"\\u0000"), "application/json", {422}),
    ("init", INIT.replace(b"friends", b"\\u0000"), "application/json", {422}),
    ("init", b"", "application/json", {400}),
    ("init", b"null", "application/json", {400}),
    ("init", b"[]", "application/json", {400}),
    ("init", b'{"fromEmail":5,"toEmail":', "application/json", {400}),
    ("init", INIT.replace(ME.encode(), b"x") + b" trailing", "application/json", {400}),
    ("init", b"[" * 60_000, "application/json", {400}),
    ("init", b'{"z":' + b"[" * 60_000, "application/json", {400}),
    ("init", b"a=b", "application/x-www-form-urlencoded", {400}),
    ("init", b"--x\r\nfoo", "multipart/form-data", {400}),
    ("init", b"\x81\xa1a\x01", "application/x-msgpack", {400}),
    ("init", b" " * 70_000 + INIT, "application/json", {413}),
    (f"{SESSION}/seen", (SEEN % "1e400").encode(), "application/json", {422}),
    (f"{SESSION}/seen", (SEEN % "1.5").encode(), "application/json", {422}),
    (f"{SESSION}/seen", (SEEN % ("9" * 5_000)).encode(), "application/json", {422}),
    ("%00/seen", (SEEN % "1").encode(), "application/json", {422}),
]


@pytest.fixture(params=["granian", "uvicorn"])
async def service(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_SERVER": request.param})
    yield await service.start()
    await service.stop()
    assert '"level": "error"' not in service.log()
    assert "Traceback" not in service.log()


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
    if method == "POST":
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


async def test_odd_requests_are_refused_in_the_terms_of_the_api(service: ServiceProcess) -> None:
    token = service.token(ME)
    for path, statuses in GETS:
        answer = await ask(service, "GET", path, token)
        assert answer.status in statuses, (path[:80], answer.status, answer.body)
        assert answer.is_sound()
    for path, body, kind, statuses in BODIES:
        answer = await ask(service, "POST", f"/api/chat/{path}", token, body, kind)
        assert answer.status in statuses, (path, body[:80], kind, answer.status, answer.body)
        assert answer.is_sound()


@pytest.mark.parametrize(("token", "status"), [("", 413), ("forged", 401)])
async def test_a_refusal_reaches_who_reads_it_only_after_sending_everything(
    service: ServiceProcess, token: str, status: int
) -> None:
    token = token or service.token(ME)
    for size in (100_000, 1_000_000, 12_000_000):
        answer = await ask(service, "POST", "/api/chat/init", token, b" " * size, "application/json")
        assert (answer.status, answer.is_sound()) == (status, True)


async def test_a_body_that_breaks_off_is_not_our_failure(service: ServiceProcess) -> None:
    head = "POST /api/chat/init HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    chunked = f"{head}Authorization: Bearer {service.token(ME)}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    assert (await exchange(service, chunked.encode())).status == 400
    assert (await exchange(service, f"{head}Content-Length: abc\r\n\r\n".encode())).status == 400


async def test_what_is_missing_is_named(service: ServiceProcess) -> None:
    token = service.token(ME)
    for path, missing in (
        (SESSIONS.partition("?")[0], "email"),
        (f"/api/chat/{SESSION}/unread?intent=x", "readerEmail"),
    ):
        refused = msgspec.json.decode((await ask(service, "GET", path, token)).body)
        assert (refused["code"], refused["field"]) == ("invalid", missing)


async def test_without_a_token_nothing_is_told_of_what_there_is(service: ServiceProcess) -> None:
    for method, path in (("GET", "/api"), ("GET", "/api/chat/nowhere"), ("DELETE", "/api/chat/init")):
        refused = await exchange(service, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert (refused.status, refused.is_sound()) == (401, True)


async def test_a_token_in_a_path_is_not_logged(service: ServiceProcess) -> None:
    token = service.token(ME)
    assert (await ask(service, "GET", f"/api/chat/{token}/history", token)).status == 422
    await eventually(lambda: "/history" in service.log())
    assert token not in service.log()


async def test_methods(service: ServiceProcess) -> None:
    token = service.token(ME)
    got, head = [await ask(service, method, SESSIONS, token) for method in ("GET", "HEAD")]
    assert (head.status, head.body, got.status) == (200, b"", 200)
    assert head.headers["content-length"] == got.headers["content-length"]
    assert (await ask(service, "HEAD", SESSIONS, "forged")).status == 401
    assert (await ask(service, "HEAD", "/api/chat/message", token)).status == 405
    assert (await ask(service, "OPTIONS", SESSIONS, "")).status == 204
    for method in ("PUT", "DELETE", "TRACE", "FOO"):
        refused = await ask(service, method, "/api/chat/message", token)
        assert (refused.status, set(refused.headers["allow"].split(", "))) == (405, {"POST", "OPTIONS"})
        assert refused.is_sound()
