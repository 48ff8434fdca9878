"""The service as other people's clients see it: each in its versions, over each of its transports."""

import asyncio
import contextlib
import gc
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.jwt.signing import PRIVATE_KEY_FILE, issue_user_token, load_private_key
from adapters.system.clock import SystemClock
from domain.identifiers import Email
from tests.support.client_matrix import node
from tests.support.client_matrix.catalogue import NAMES, opened
from tests.support.client_matrix.client import DrivenClient
from tests.support.databases import Databases
from tests.support.eventually import eventually, eventually_some
from tests.support.service_process import ServiceProcess
from tests.support.shared_service import shared_service
from tests.support.web_client import INTENT, Rest, chat_message

QUEUES = tuple(f"/user/queue/{name}" for name in ("messages", "ack", "error", "receipts"))
every_client = pytest.mark.parametrize("name", NAMES)


key_of = lru_cache(load_private_key)  # reading one takes long enough to be late with a beat


class Chat:
    """Ann, who has the client, and Bob, who has REST; each pair its own, so that many can chat at once."""

    def __init__(self, service: ServiceProcess, name: str) -> None:
        self.service = service
        self.ann, self.bob = (f"{who}-{name}-{uuid4()}@example.org" for who in ("ann", "bob"))
        self.session_id = ""

    def token(self, email: str, seconds: float = 3600) -> str:
        """As the service's command makes it, without its process."""
        key = key_of(Path(self.service.settings["CHAT_DATA_DIR"]) / "keys" / PRIVATE_KEY_FILE)
        return issue_user_token(key, Email(email), timedelta(seconds=seconds), SystemClock().now())

    async def init(self) -> None:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            self.session_id = await bob.init(self.bob, self.ann)

    @property
    def topic(self) -> str:
        return f"/topic/session.{self.session_id}"

    def message(self, content: str) -> dict[str, Any]:
        return chat_message(self.session_id, self.ann, content)

    async def bob_says(self, *contents: str) -> None:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            for content in contents:
                message = chat_message(self.session_id, self.bob, content)
                assert (await bob.post("/api/chat/message", message))[0] == 200

    async def bob_has_seen(self, seq: int) -> None:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            seen = {"readerEmail": self.bob, "intent": INTENT, "upToSeq": seq}
            assert (await bob.post(f"/api/chat/{self.session_id}/seen", seen))[0] == 204

    async def history(self) -> list[dict[str, Any]]:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            return await bob.history(self.session_id)


pytestmark = [
    # sockets that these libraries leave to the garbage collector are theirs
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(360),  # the first one waits for the libraries to be installed
]


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    node.install()
    yield
    gc.collect()  # here, not in the tests of others


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[ServiceProcess]:
    with shared_service(tmp_path_factory.mktemp("clients"), databases, CHAT_HEARTBEAT="500ms") as service:
        yield service


@pytest.fixture
async def chat(service: ServiceProcess, name: str) -> Chat:
    chat = Chat(service, name)
    await chat.init()
    return chat


@pytest.fixture
async def client(service: ServiceProcess, name: str) -> AsyncIterator[DrivenClient]:
    async with opened(name, service) as client:
        yield client


@every_client
async def test_a_chat(chat: Chat, client: DrivenClient) -> None:
    await client.connect(chat.token(chat.ann))
    await client.got("connected")
    for destination in (*QUEUES, chat.topic):
        await client.subscribe(destination)
    await client.send_json("/app/chat.send", chat.message("a:b\\c grüß 👋"))
    (acked,) = await client.messages("/user/queue/ack")
    assert (acked["seq"], acked["content"]) == (1, "a:b\\c grüß 👋")

    await chat.bob_says("hello")
    (received,) = await client.messages("/user/queue/messages")
    assert [message["content"] for message in await client.messages(chat.topic, 2)] == [acked["content"], "hello"]
    assert received["content"] == "hello"
    await chat.bob_has_seen(2)
    assert (await client.messages("/user/queue/receipts"))[0]["upToSeq"] == 2

    await client.send("/app/chat.send", json.dumps(chat.message(" ")), {})
    assert (await client.messages("/user/queue/error"))[0]["code"] == "invalid"
    large = chat.message("👋" * 4_000)  # 48 KB as JSON: libraries split such frames
    await client.send_json("/app/chat.send", large)
    assert (await client.messages("/user/queue/ack", 2))[1]["content"] == large["content"]
    await client.disconnect()


@every_client
async def test_a_wrong_token_is_refused(chat: Chat, client: DrivenClient) -> None:
    await client.connect("a.b.c")
    (error,) = await client.got("error")
    assert error["headers"].get("message") == ("unauthenticated" if client.tells_of_the_end else None)
    assert not client.of("connected")
    await client.is_gone()


@every_client
async def test_an_ack_is_the_delivery(chat: Chat, client: DrivenClient) -> None:
    await client.connect(chat.token(chat.ann))
    await client.got("connected")
    await client.subscribe("/user/queue/messages", ack="client-individual")
    await chat.bob_says("one", "two")
    await client.messages("/user/queue/messages", 2)
    assert [message["delivered"] for message in await chat.history()] == [False, False]
    await client.ack(1)

    async def delivered() -> bool:
        return [message["delivered"] for message in await chat.history()] == [False, True]

    assert await eventually_some(delivered)


@every_client
async def test_what_is_forbidden_is_an_error_and_the_end(chat: Chat, client: DrivenClient) -> None:
    await client.connect(chat.token(chat.ann))
    await client.got("connected")
    await client.send(chat.topic, "{}", {})
    assert (await client.got("error"))[0]["headers"]["message"] == "forbidden-destination"
    await client.is_gone()


Life = Callable[[Chat, DrivenClient], Awaitable[None]]


async def live(service: ServiceProcess, life: Life) -> dict[str, BaseException | None]:
    """What it came to, for all clients at once: these wait for time to pass, and need not wait one by one."""

    async def one(name: str) -> None:
        chat = Chat(service, name)
        await chat.init()
        async with asyncio.timeout(90), opened(name, service) as client:
            await life(chat, client)

    outcomes = await asyncio.gather(*(one(name) for name in NAMES), return_exceptions=True)
    return dict(zip(NAMES, outcomes, strict=True))


def check(outcomes: dict[str, BaseException | None], name: str) -> None:
    outcome = outcomes[name]
    if outcome is not None:
        raise outcome


@pytest.fixture(scope="module")
def tokens_ending(service: ServiceProcess) -> dict[str, BaseException | None]:
    async def life(chat: Chat, client: DrivenClient) -> None:
        await client.connect(chat.token(chat.ann, 15))
        await client.got("connected")
        renewed = chat.token(chat.ann, 20)
        await client.send_json("/app/auth.renew", {}, Authorization=f"Bearer {renewed}")
        await asyncio.sleep(16)
        assert not client.of("error")
        await client.send_json("/app/chat.send", chat.message("still here"))
        assert (await client.got("error"))[0]["headers"]["message"] == "token-expired"
        await client.is_gone()

    return asyncio.run(live(service, life))


@every_client
def test_a_token_is_renewed_in_place_and_ends_the_connection(
    tokens_ending: dict[str, BaseException | None], name: str
) -> None:
    check(tokens_ending, name)


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> dict[str, BaseException | None]:
    """Idle on heart-beats, then a restart of the service, with messages sent before the clients are back."""
    ready: list[DrivenClient] = []
    stopping, back = asyncio.Event(), asyncio.Event()

    async def life(chat: Chat, client: DrivenClient) -> None:
        token = chat.token(chat.ann)
        client.patient = True
        await client.connect(token, 500)
        await client.got("connected")
        await client.subscribe(chat.topic, resume_after="0")
        await chat.bob_says("before")
        await client.messages(chat.topic)
        ready.append(client)
        await stopping.wait()
        assert not client.of("closed")
        await client.is_gone()
        await back.wait()
        await chat.bob_says("missed one", "missed two")
        if client.tells_of_the_end:
            await client.connect(token, 500)
            await client.got("connected", 2)
            await client.subscribe(chat.topic, resume_after="1")
            expected = ["before", "missed one", "missed two"]
            assert [one["content"] for one in await client.messages(chat.topic, 3)] == expected
        else:  # comes back by itself, with the header as it was: all of it again, told apart by their ids
            assert {one["seq"] for one in await client.messages(chat.topic, 4)} == {1, 2, 3}

    async def restart(service: ServiceProcess) -> None:
        with contextlib.suppress(AssertionError):  # one that is not ready by then tells so itself
            await eventually(lambda: len(ready) == len(NAMES), 30)
        await asyncio.sleep(2.5)
        stopping.set()
        await asyncio.sleep(0.1)
        service.signal(signal.SIGTERM)
        assert await service.ended() == 0
        await service.start()
        back.set()

    async def both(service: ServiceProcess) -> dict[str, BaseException | None]:
        outcomes, _ = await asyncio.gather(live(service, life), restart(service))
        return outcomes

    with shared_service(tmp_path_factory.mktemp("restart"), databases, CHAT_HEARTBEAT="500ms") as service:
        return asyncio.run(both(service))


@every_client
def test_idle_on_heart_beats_and_back_after_a_restart_it_missed_nothing(
    restarted: dict[str, BaseException | None], name: str
) -> None:
    check(restarted, name)
