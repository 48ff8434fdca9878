"""STOMP over SockJS: the same service as over a WebSocket, for clients whose requests come and go."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from adapters.stomp.protocol.frames.encoder import write_frame
from tests.support.clients.sockjs_client import SockJsPoller
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.network.raw_http import RawHttp, ask
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess
from tests.support.service.shared_service import shared_service

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
PAGE = "https://chat.example.org"


@pytest.fixture(scope="module", params=["granian", "uvicorn"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[ServiceProcess]:
    settings = {
        "CHAT_SERVER": request.param,
        "CHAT_ALLOWED_ORIGINS": PAGE,
        "CHAT_SOCKJS_DISCONNECT_DELAY": "1s",
        "CHAT_SOCKJS_HEARTBEAT": "1s",
        "CHAT_HEARTBEAT": "400ms",
    }
    with shared_service(tmp_path_factory.mktemp("sockjs"), databases, **settings) as service:
        yield service


@pytest.fixture(scope="module")
def tokens(service: ServiceProcess) -> dict[str, str]:
    """Made beforehand: the command takes longer than a session waits for its client."""
    return {email: service.token(email) for email in (ANN, BOB, EVE)}


@pytest.fixture
def url(service: ServiceProcess) -> str:
    return f"{service.url}/ws"


@pytest.fixture
async def stopping(service: ServiceProcess, tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    """A service of the test's own, on the same server."""
    settings = {"CHAT_DATABASE_URL": database_url, "CHAT_SERVER": service.settings["CHAT_SERVER"]}
    own = ServiceProcess(tmp_path, settings)
    yield await own.start()
    await own.stop()
    assert "Traceback" not in own.log()


async def test_two_people_chat_by_polling(service: ServiceProcess, tokens: dict[str, str], url: str) -> None:
    token = tokens[ANN]
    async with Rest(service.url, token) as rest, SockJsPoller(url) as ann, SockJsPoller(url) as bob:
        session_id = await rest.init(ANN, BOB)
        await ann.connect(token)
        await bob.connect(tokens[BOB])
        await ann.say("SUBSCRIBE", id="1", destination="/user/queue/ack")
        await bob.say("SUBSCRIBE", id="1", destination="/user/queue/messages", receipt="r")
        await bob.got("RECEIPT")
        sent = json.dumps(chat_message(session_id, ANN, "grüß dich\u2028👋"))
        await ann.say("SEND", sent, destination="/app/chat.send")
        received, acked = await bob.got("MESSAGE"), await ann.got("MESSAGE")
        assert received.body == acked.body
        assert json.loads(received.body)["content"] == "grüß dich\u2028👋"

        async def is_delivered() -> bool:
            return bool((await rest.history(session_id))[0]["delivered"])

        assert await eventually_some(is_delivered)


async def test_a_message_that_no_poll_fetched_is_not_delivered(
    service: ServiceProcess, tokens: dict[str, str], url: str
) -> None:
    token = tokens[EVE]
    async with Rest(service.url, token) as rest, SockJsPoller(url) as bob:
        session_id = await rest.init(EVE, BOB)
        await bob.connect(tokens[BOB])
        await bob.say("SUBSCRIBE", id="1", destination="/user/queue/messages", receipt="r")
        await bob.got("RECEIPT")
        await rest.post("/api/chat/message", chat_message(session_id, EVE, "are you there?"))
        gone = SockJsPoller(url)
        async with gone:
            gone.session = bob.session

            async def is_unknown() -> bool:
                return await gone.post() == 404

            assert await eventually_some(is_unknown)  # the disconnect delay is over
        assert [message["delivered"] for message in await rest.history(session_id)] == [False]
        async with WebClient(service.ws_url, tokens[BOB]) as again:
            await again.subscribe("/user/queue/messages", replay="undelivered")
            (replayed,) = await again.messages("/user/queue/messages")
            assert replayed["content"] == "are you there?"


async def test_a_wrong_token_gets_an_error_and_the_end(service: ServiceProcess, url: str) -> None:
    async with SockJsPoller(url) as ann:
        await ann.poll()
        await ann.say("CONNECT", accept_version="1.2", Authorization="Bearer a.b.c")
        assert (await ann.got("ERROR")).headers["message"] == "unauthenticated"
        assert await ann.poll() == (200, 'c[1008,"not allowed"]')


async def test_heart_beats_keep_an_idle_poll_until_stomp_has_its_own(
    service: ServiceProcess, tokens: dict[str, str], url: str
) -> None:
    async with SockJsPoller(url) as ann:
        await ann.connect(tokens[ANN])
        assert await ann.poll() == (200, "h")
    async with SockJsPoller(url) as ann:
        await ann.poll()
        token = tokens[ANN]
        await ann.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {token}", heart_beat="0,400")
        await ann.got("CONNECTED")
        assert {await ann.poll() for _ in range(3)} <= {(200, 'a["\\n"]')}


async def test_a_stop_reaches_waiting_clients_and_those_between_two_polls(stopping: ServiceProcess) -> None:
    url = f"{stopping.url}/ws"
    tokens = [stopping.token(email) for email in (ANN, BOB)]
    async with SockJsPoller(url) as waiting, SockJsPoller(url) as between:
        await waiting.connect(tokens[0])
        await between.connect(tokens[1])
        poll = asyncio.create_task(waiting.poll())
        async with connect(f"{stopping.ws_url}/0/abc/websocket") as socket:
            assert await socket.recv() == "o"
            await asyncio.sleep(0.2)
            stopping.signal(signal.SIGTERM)
            told = 'c[1001,"the service is restarting"]'
            assert await poll == (200, told)
            assert await between.poll() == (200, told)
            assert [frame async for frame in socket] == [told]
            assert socket.close_code == 1001
    assert await stopping.ended() == 0


async def test_a_session_is_its_users_alone(service: ServiceProcess, tokens: dict[str, str], url: str) -> None:
    """The token came with the first request, so that every other has to show one of that user."""
    ann, renewed = (f"Bearer {token}" for token in (tokens[ANN], service.token(ANN, "--ttl", "2h")))
    async with SockJsPoller(url, Authorization=ann) as client:
        await client.connect("")
        for stranger in ("", f"Bearer {tokens[EVE]}", "Bearer a.b.c"):
            assert (await client.poll(Authorization=stranger))[0] == 404
            assert await client.post("\n", Authorization=stranger) == 404
        assert await client.post("\n", Authorization=renewed) == 204
        assert await client.post("\n") == 204


@pytest.mark.parametrize(
    ("shown", "strange"),
    [("JSESSIONID=a; x=y", "JSESSIONID=b"), ("JSESSIONID=a", "")],
)
async def test_a_cookie_that_came_first_has_to_come_again(url: str, shown: str, strange: str) -> None:
    async with SockJsPoller(url, Cookie=shown) as client:
        await client.poll()
        assert (await client.poll(Cookie=strange))[0] == 404
        assert await client.post("\n", Cookie=strange) == 404
        assert await client.post("\n") == 204


async def test_pages_of_other_origins_are_refused(service: ServiceProcess, url: str) -> None:
    assert (await ask(url, "GET", "/info", Origin=PAGE))["access-control-allow-origin"] == PAGE
    for path in ("/info", "/0/0/eventsource", ""):
        answer = await ask(url, "GET", path, Origin="https://evil.example.org")
        assert (answer.status, answer["access-control-allow-origin"]) == (403, "")
    with pytest.raises(InvalidStatus):
        await connect(f"{service.ws_url}/0/abc/websocket", origin="https://evil.example.org").__aenter__()  # type: ignore[arg-type]


@pytest.mark.parametrize("transport", ["xhr_streaming", "eventsource"])
async def test_an_unread_stream_ends_at_its_limit_together_with_its_session(
    service: ServiceProcess, tokens: dict[str, str], url: str, transport: str
) -> None:
    token = tokens[ANN]
    async with (
        Rest(service.url, token) as rest,
        WebClient(service.ws_url, token) as ann,
        RawHttp(url) as stream,
        SockJsPoller(url) as bob,
    ):
        session_id = await rest.init(ANN, BOB)
        path = bob.session.removeprefix(url)
        await stream.ask("POST" if transport == "xhr_streaming" else "GET", f"{path}/{transport}")
        await bob.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {tokens[BOB]}")
        await bob.say("SUBSCRIBE", id="1", destination=f"/topic/session.{session_id}")
        async with asyncio.timeout(30):
            while await bob.post("\n") != 404:
                await ann.send(chat_message(session_id, ANN, "x" * 4_000))
        await ann.subscribe("/user/queue/ack")  # others are served on


def cut_in_a_character(frame: str, limit: int = 8_192) -> list[str]:
    """The two pieces of a frame that stompjs' `splitLargeFrames` makes, with the cut inside a surrogate pair."""
    units = frame.encode("utf-16-le")
    inside = next(at for at in range(limit, 0, -1) if units[2 * at + 1] in range(0xDC, 0xE0))
    return [part.decode("utf-16-le", "surrogatepass") for part in (units[: 2 * inside], units[2 * inside :])]


def emoji_frame(session_id: str) -> str:
    body = json.dumps(chat_message(session_id, ANN, "👋" * 4_000), ensure_ascii=False)
    return write_frame("SEND", {"destination": "/app/chat.send"}, body, "1.2")


async def stored_contents(rest: Rest, session_id: str) -> list[str]:
    return [message["content"] for message in await rest.history(session_id)]


async def test_a_character_cut_in_two_by_a_polling_client_is_stored_whole(
    service: ServiceProcess, tokens: dict[str, str], url: str
) -> None:
    async with Rest(service.url, tokens[ANN]) as rest, SockJsPoller(url) as ann:
        session_id = await rest.init(ANN, "half-poll@example.org")
        await ann.connect(tokens[ANN])
        for piece in cut_in_a_character(emoji_frame(session_id)):
            assert await ann.post(piece) == 204
        assert await eventually_some(lambda: stored_contents(rest, session_id)) == ["👋" * 4_000]


async def test_a_character_cut_in_two_over_a_framed_websocket_is_stored_whole(
    service: ServiceProcess, tokens: dict[str, str]
) -> None:
    async with (
        Rest(service.url, tokens[ANN]) as rest,
        connect(f"{service.ws_url}/0/{uuid4()}/websocket") as socket,
    ):
        session_id = await rest.init(ANN, "half-socket@example.org")
        headers = {"accept-version": "1.2", "Authorization": f"Bearer {tokens[ANN]}"}
        await socket.send(json.dumps([write_frame("CONNECT", headers)]))
        for piece in cut_in_a_character(emoji_frame(session_id)):
            await socket.send(json.dumps([piece]))
        assert await eventually_some(lambda: stored_contents(rest, session_id)) == ["👋" * 4_000]


async def test_half_a_character_that_is_never_completed_ends_the_connection(tokens: dict[str, str], url: str) -> None:
    async with SockJsPoller(url) as ann:
        await ann.connect(tokens[ANN])
        assert await ann.post("SEND\ndestination:/app/chat.send\n\n\ud83d") == 204
        assert await ann.post("x\0") == 204
        assert (await ann.got("ERROR")).headers["message"] == "malformed"
