"""Who is let in while strangers hold connections, and what everybody else is answered (both servers)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support.clients.web_client import WebClient
from tests.support.network.raw_http import RawHttp, ask
from tests.support.service.service_process import ServiceProcess

ANN = "ann@example.org"
PATHS = ["/ws", "/ws/websocket", "/ws/000/{session}/websocket"]
SETTINGS = {
    "CHAT_DATABASE_URL": "memory:",
    "CHAT_MAX_CONNECTIONS": "3",
    "CHAT_MAX_UNAUTHENTICATED": "40",
    "CHAT_MAX_UNAUTHENTICATED_PER_ADDRESS": "20",
    "CHAT_TRUSTED_PROXIES": "127.0.0.1",
    "CHAT_ALLOWED_ORIGINS": "https://app.example.org",
}


@pytest.fixture(params=["granian", "uvicorn"])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, SETTINGS | {"CHAT_SERVER": request.param})
    yield await service.start()
    await service.stop()
    assert "Traceback" not in service.log()


async def open_socket(service: ServiceProcess, path: str = "/ws", address: str = "198.51.100.1") -> ClientConnection:
    url = service.ws_url.removesuffix("/ws") + path.format(session=f"s{id(object())}")
    return await connect(url, additional_headers={"X-Forwarded-For": address}, ping_interval=None, close_timeout=2)


async def refused(service: ServiceProcess, path: str = "/ws", **headers: str) -> tuple[int, str, str]:
    url = service.ws_url.removesuffix("/ws") + path.format(session="refused")
    with pytest.raises(InvalidStatus) as error:
        await connect(url, additional_headers={"X-Forwarded-For": "203.0.113.7"} | headers)
    response = error.value.response
    return response.status_code, response.headers.get("Retry-After", ""), response.headers["Content-Type"]


@pytest.mark.parametrize("path", PATHS)
async def test_connections_without_connect_do_not_shut_users_out(service: ServiceProcess, path: str) -> None:
    token = service.token(ANN)
    async with AsyncExitStack() as stack:
        strangers = [await open_socket(service, path) for _ in range(20)]
        for one in strangers:
            stack.push_async_callback(one.close)
        async with WebClient(service.ws_url, token) as ann:  # from another address
            await ann.subscribe("/user/queue/messages")


async def test_the_oldest_client_loses_its_place_to_the_next(service: ServiceProcess) -> None:
    strangers = [await open_socket(service) for _ in range(20)]
    await asyncio.sleep(0.3)  # the time of a handshake is over
    newcomer = await open_socket(service)
    await asyncio.wait_for(strangers[0].wait_closed(), 10)
    assert strangers[0].close_code == 1013
    for socket in (newcomer, *strangers):
        await socket.close()


@pytest.mark.parametrize("path", PATHS)
async def test_a_foreign_origin_is_403(service: ServiceProcess, path: str) -> None:
    for _ in range(2):
        status, retry_after, kind = await refused(service, path, Origin="https://evil.example.org")
        assert (status, retry_after, kind) == (403, "", "application/problem+json")
    assert service.log().count("connections are refused with 403") == 1


async def test_a_foreign_origin_of_sockjs_is_told_in_the_log(service: ServiceProcess) -> None:
    answer = await ask(f"{service.url}/ws", "GET", "/info", Origin="https://evil.example.org")
    assert (answer.status, "connections are refused with 403" in service.log()) == (403, True)


@pytest.mark.parametrize("path", PATHS)
async def test_a_full_instance_is_503(service: ServiceProcess, path: str) -> None:
    token = service.token(ANN)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(WebClient(service.ws_url, token))
        status, retry_after, kind = await refused(service, path)
        assert (status, int(retry_after) > 0, kind) == (503, True, "application/problem+json")
        answer = await ask(f"{service.url}/ws", "POST", "/000/full/xhr")
        assert (answer.status, int(answer["retry-after"]) > 0) == (503, True)
    assert service.log().count("connections are refused with 503") == 1


async def test_sockjs_sessions_of_strangers_are_bounded_and_give_way(service: ServiceProcess) -> None:
    for number in range(100):
        answer = await ask(f"{service.url}/ws", "POST", f"/000/flood{number}/xhr", X_Forwarded_For="198.51.100.1")
        assert answer.status in (200, 503)
    other = await ask(f"{service.url}/ws", "POST", "/000/other/xhr", X_Forwarded_For="198.51.100.2")
    assert (other.status, other.text) == (200, "o\n")
    async with WebClient(service.ws_url, service.token(ANN)) as ann:
        await ann.subscribe("/user/queue/messages")


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ({"X-Long": "a" * 16_000}, {101}),
        ({f"X-{number}": "a" for number in range(90)}, {101}),
        ({f"X-{number}": "a" for number in range(1_000)}, {101, 431}),
        ({"X-Long": "a" * 100_000}, {101, 431}),  # Granian takes some more
    ],
    ids=["long", "several", "many", "too long"],
)
async def test_an_upgrade_with_long_headers_is_answered(
    service: ServiceProcess, headers: dict[str, str], statuses: set[int]
) -> None:
    told = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"} | headers
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    async with RawHttp(f"{service.url}/ws") as http:
        status = (await http.ask("GET", "", **told | key)).status
    assert status in statuses
    if status == 431 and service.settings["CHAT_SERVER"] == "uvicorn":  # Granian does not tell
        assert "requests are refused with 431" in service.log()


async def test_a_stream_is_not_held_back_by_nginx(service: ServiceProcess) -> None:
    async with RawHttp(f"{service.url}/ws") as http:
        answer = await http.ask("POST", "/000/stream/xhr_streaming")
        assert (answer.status, answer["x-accel-buffering"]) == (200, "no")
        assert "no-transform" in answer["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["/web/js/%00", f"/web/js/{'a' * 300}", f"/web/js/{'a' * 5_000}.js", "/web/js/%ff%fe", "/web/js/%ed%a0%80.js"],
)
async def test_odd_names_are_not_found(service: ServiceProcess, path: str) -> None:
    assert (await ask(service.url, "GET", path)).status == 404


@pytest.mark.parametrize("origin", ["http://[", "null", "", "http://[::1", "https://%00"])
async def test_odd_origins_are_refused(service: ServiceProcess, origin: str) -> None:
    assert (await refused(service, Origin=origin))[0] == 403
    assert (await ask(f"{service.url}/ws", "GET", "/info", Origin=origin)).status == 403


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8080", None, 200),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", 200),
        ("evil.example.org:8080", None, 403),
        ("evil.example.org:8080", "http://evil.example.org:8080", 403),
        ("localhost:8080", "http://evil.example.org", 403),
        ("[", "http://[", 403),
    ],
)
async def test_tokens_are_made_for_our_own_host_only(
    service: ServiceProcess, host: str, origin: str | None, status: int
) -> None:
    headers = {"Host": host, "Content-Type": "application/json"} | ({} if origin is None else {"Origin": origin})
    async with RawHttp(service.url) as http:
        assert (await http.ask("POST", "/dev/token", f'{{"email":"{ANN}"}}', **headers)).status == status
