"""The service as other people's clients see it: each in its versions, over each of its transports."""

import asyncio
import contextlib
import gc
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio

from tests.support.clients.client_matrix import node
from tests.support.clients.client_matrix.catalogue import NAMES, opened
from tests.support.clients.client_matrix.chat import Chat
from tests.support.clients.client_matrix.chromium import Chromium, pages, sockjs_in, started
from tests.support.clients.client_matrix.client import DrivenClient
from tests.support.eventually import eventually, eventually_some
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess
from tests.support.service.shared_service import shared_service

QUEUES = tuple(f"/user/queue/{name}" for name in ("messages", "ack", "error", "receipts"))
every_client = pytest.mark.parametrize("name", NAMES)
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),  # that of the browser, which they share
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
def address() -> Iterator[str]:
    with pages() as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium(address: str) -> AsyncIterator[Chromium]:
    async with started(address) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, databases: Databases, address: str) -> Iterator[ServiceProcess]:
    home = tmp_path_factory.mktemp("clients")
    with shared_service(home, databases, CHAT_SOCKJS_CLIENT_URL=sockjs_in(address)) as service:
        yield service


@pytest_asyncio.fixture(loop_scope="module")
async def chat(service: ServiceProcess, name: str) -> Chat:
    chat = Chat(service, name)
    await chat.init()
    return chat


@pytest_asyncio.fixture(loop_scope="module")
async def client(service: ServiceProcess, chromium: Chromium, name: str) -> AsyncIterator[DrivenClient]:
    async with opened(name, service, chromium) as client:
        yield client
        assert client.faults == []


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
async def test_a_forbidden_destination_is_an_error_and_closes_the_connection(chat: Chat, client: DrivenClient) -> None:
    await client.connect(chat.token(chat.ann))
    await client.got("connected")
    await client.send(chat.topic, "{}", {})
    assert (await client.got("error"))[0]["headers"]["message"] == "forbidden-destination"
    await client.is_gone()


Life = Callable[[Chat, DrivenClient], Awaitable[None]]
Outcomes = dict[str, BaseException | None]


async def live(service: ServiceProcess, chromium: Chromium, life: Life) -> Outcomes:
    """What it came to, for all clients at once: these wait for time to pass, and need not wait one by one."""

    async def one(name: str, client: DrivenClient) -> None:
        chat = Chat(service, name)
        await chat.init()
        async with asyncio.timeout(150):
            await life(chat, client)
        assert client.faults == []

    async with contextlib.AsyncExitStack() as stack:
        opening = (stack.enter_async_context(opened(name, service, chromium)) for name in NAMES)
        clients = await asyncio.gather(*opening)
        outcomes = await asyncio.gather(*map(one, NAMES, clients), return_exceptions=True)
    return dict(zip(NAMES, outcomes, strict=True))


def check(outcomes: Outcomes, name: str) -> None:
    outcome = outcomes[name]
    if outcome is not None:
        raise outcome


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tokens_ending(service: ServiceProcess, chromium: Chromium) -> Outcomes:
    async def life(chat: Chat, client: DrivenClient) -> None:
        await client.connect(chat.token(chat.ann, 12))
        await client.got("connected")
        renewed = chat.token(chat.ann, 20)
        await client.send_json("/app/auth.renew", {}, Authorization=f"Bearer {renewed}")
        await asyncio.sleep(13)
        assert not client.of("error")
        await client.send_json("/app/chat.send", chat.message("still here"))
        assert (await client.got("error"))[0]["headers"]["message"] == "token-expired"
        await client.is_gone()

    return await live(service, chromium, life)


@every_client
async def test_a_token_is_renewed_in_place_and_ends_the_connection(tokens_ending: Outcomes, name: str) -> None:
    check(tokens_ending, name)


BEAT = 2_000
IDLE = 30


@pytest.fixture(scope="module")
def restarting(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, address: str
) -> Iterator[ServiceProcess]:
    settings = {"CHAT_HEARTBEAT": f"{BEAT}ms", "CHAT_SOCKJS_CLIENT_URL": sockjs_in(address)}
    with shared_service(tmp_path_factory.mktemp("restart"), databases, **settings) as service:
        yield service


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def restarted(restarting: ServiceProcess, chromium: Chromium) -> Outcomes:
    """Idle on heart-beats, then a restart of the service, with messages sent before the clients are back."""
    idle: list[DrivenClient] = []
    awake: list[DrivenClient] = []
    waking, back = asyncio.Event(), asyncio.Event()

    async def life(chat: Chat, client: DrivenClient) -> None:
        token = chat.token(chat.ann)
        client.patient = True
        await client.connect(token, BEAT)
        await client.got("connected")
        await client.subscribe(chat.topic, resume_after="0")
        await chat.bob_says("before")
        await client.messages(chat.topic)
        idle.append(client)
        await waking.wait()
        assert client.beats() == client.has_beats
        await chat.bob_says("after a silence")
        assert [one["content"] for one in await client.messages(chat.topic, 2)] == ["before", "after a silence"]
        assert len(client.of("connected")) == 1
        assert not client.of("closed")
        awake.append(client)
        await client.is_gone()
        await back.wait()
        await chat.bob_says("missed one", "missed two")
        if client.tells_of_the_end:
            await client.connect(token, BEAT)
            await client.got("connected", 2)
            await client.subscribe(chat.topic, resume_after="2")
            expected = ["before", "after a silence", "missed one", "missed two"]
            assert [one["content"] for one in await client.messages(chat.topic, 4)] == expected
        else:  # comes back by itself, with the header as it was: all of it again, told apart by their ids
            assert {one["seq"] for one in await client.messages(chat.topic, 6)} == {1, 2, 3, 4}

    async def all_are(there: list[DrivenClient]) -> None:
        with contextlib.suppress(AssertionError):  # one that is not there by then tells so itself
            await eventually(lambda: len(there) == len(NAMES), 40)

    async def restart() -> None:
        await all_are(idle)
        await asyncio.sleep(IDLE)
        waking.set()
        await all_are(awake)
        restarting.signal(signal.SIGTERM)
        assert await restarting.ended() == 0
        await restarting.start()
        back.set()

    outcomes, _ = await asyncio.gather(live(restarting, chromium, life), restart())
    return outcomes


@every_client
async def test_idle_on_heart_beats_and_back_after_a_restart_it_missed_nothing(restarted: Outcomes, name: str) -> None:
    check(restarted, name)
