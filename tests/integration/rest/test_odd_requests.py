"""What no client library would send: every one is answered in the API's own terms or cut off, and none is a failure."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.ports.sessions import SessionPosition
from application.wire.positions.session_cursor import encode_cursor
from domain.identifiers import SessionId
from tests.integration.rest.raw_calls import CLIENT_ID, ME, MESSAGE, SEEN, SESSION, ask, exchange
from tests.support.eventually import eventually
from tests.support.service.service_process import ServiceProcess

INIT = f'{{"fromEmail":"{ME}","toEmail":"bob@example.org","intent":"friends"}}'.encode()
SESSIONS = f"/api/chat/sessions?email={ME}"
HISTORY = f"/api/chat/{SESSION}/history"
A_DAY = datetime(2026, 1, 1, tzinfo=UTC)
CURSOR = encode_cursor(SessionPosition(A_DAY, A_DAY, SessionId(UUID(SESSION))))
ENDS = [time.replace(tzinfo=UTC) for time in (datetime.min, datetime.max)]

OTHER_FORMS = [
    "{01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11}",
    "urn:uuid:01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11",
    "01981a636a007cc1a7f20d0b0a5f1c11",
    "01981a63-6a007cc1-a7f20d0b0a5f1c11",
    "0-1981a636a007cc1a7f20d0b0a5f-1c11-",
    "01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11%20",
    "01981a63-6a00-7cc1-a7f2-0d0b0a5f1c1%EF%BC%91",
]
GETS: list[tuple[str, set[int]]] = [
    *((f"/api/chat/{form}/history", {422}) for form in OTHER_FORMS),
    *((f"/api/chat/{form}/unread?readerEmail={ME}&intent=friends", {422}) for form in OTHER_FORMS),
    (f"/api/chat/{SESSION.upper()}/history", {404}),
    ("/api/chat/%00/history", {422}),
    ("/api/chat/%ff%fe/history", {422}),
    ("/api/chat/%zz/history", {422}),
    ("/api/chat/\x00/history", {400}),
    ("/api/chat/\xff/history", {400, 422}),
    (f"{HISTORY}?before=99999999999999999999999999999999", {422}),
    (f"{HISTORY}?before={'9' * 5_000}", {422}),
    (f"{HISTORY}?limit=1&limit=1.0", {422}),
    (f"{HISTORY}?after=9223372036854775807", {404}),
    ("/api/chat/sessions?email=a%00@example.org", {422}),
    ("/api/chat/sessions?email=%ff@example.org", {403}),
    ("/api/chat/sessions?email=%ed%a0%80@example.org", {403}),
    ("/api/chat/sessions?email=\xff", {400, 422}),
    ("/api/chat/sessions?email=" + "a" * 30_000, {422}),
    ("/api/chat/sessions?" + "&".join(f"a{number}=1" for number in range(3_000)), {200}),
    (f"{SESSIONS}&limit=1&limit=2", {422}),
    (f"{SESSIONS}&email=eve@example.org", {422}),
    (f"{SESSIONS}&other=1&other=2", {200}),
    (f"{SESSIONS}&intent=", {422}),
    (f"{SESSIONS}&intent=%00", {422}),
    (f"{SESSIONS}&cursor=", {422}),
    (f"{SESSIONS}&cursor=%00", {422}),
    (f"{SESSIONS}&cursor=" + "f" * 43, {422}),
    *(
        (f"{SESSIONS}&cursor={form}", {422})
        for form in (
            CURSOR + "%3D",
            CURSOR + "%3D%3D",
            CURSOR[:9] + "!" + CURSOR[9:],
            CURSOR[:-1] + "F",
            f"%20{CURSOR}",
        )
    ),
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
    *((f"{form}/seen", (SEEN % "1").encode(), "application/json", {422}) for form in OTHER_FORMS),
    *(("message", MESSAGE.replace(SESSION, form).encode(), "application/json", {422}) for form in OTHER_FORMS),
    *(("message", MESSAGE.replace(CLIENT_ID, form).encode(), "application/json", {422}) for form in OTHER_FORMS),
    ("message", MESSAGE.replace(CLIENT_ID, CLIENT_ID.upper()).encode(), "application/json", {404}),
    ("%00/seen", (SEEN % "1").encode(), "application/json", {422}),
]


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
async def test_a_refusal_reaches_a_client_that_reads_after_sending_everything(
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


async def test_without_a_token_unknown_paths_are_401(service: ServiceProcess) -> None:
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
