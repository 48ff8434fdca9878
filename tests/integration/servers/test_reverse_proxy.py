"""Two instances behind HAProxy and behind nginx, with the configuration that the documents give."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import msgspec
import pytest

from adapters.postgres.schema.migrations import upgrade
from lab.rabbitmq import RabbitNode
from tests.support.clients.client_matrix import node
from tests.support.clients.client_matrix.catalogue import SOCKJS_IN_NODE
from tests.support.clients.client_matrix.javascript import Library
from tests.support.clients.client_matrix.node import NodeClient
from tests.support.clients.sockjs_client import SockJsPoller
from tests.support.clients.web_client import WebClient
from tests.support.eventually import eventually, eventually_some
from tests.support.network.http_server import answers, http_server
from tests.support.network.proxied_instances import ANN, BOB, Place, connections
from tests.support.network.raw_http import RawHttp, ask
from tests.support.network.reverse_proxy import Program, ReverseProxy, Stick
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess

READINESS = "/actuator/health/readiness"


STICKY_TRANSPORTS = [transport for transport in SOCKJS_IN_NODE if transport != "websocket"]


@pytest.fixture(scope="module")
def instances(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, rabbitmq: RabbitNode
) -> Iterator[list[ServiceProcess]]:
    """Two, each with the other's people."""
    node.install()
    home = tmp_path_factory.mktemp("instances")
    (home / "none").touch()
    url = asyncio.run(databases.create(upgrade))
    settings = {
        "CHAT_DATABASE_URL": url,
        "CHAT_BROKER_URL": rabbitmq.url,
        "CHAT_ALLOWED_ORIGINS_FILE": str(home / "none"),
        "CHAT_SOCKJS_COOKIE_NEEDED": "true",
    }
    instances = [ServiceProcess(home, settings) for _ in range(2)]
    for instance in instances:
        asyncio.run(instance.start())
    yield instances
    codes = [asyncio.run(instance.stop()) for instance in instances]
    assert codes == [0, 0]
    assert not any("Traceback" in instance.log() for instance in instances)
    asyncio.run(databases.drop(url))


@pytest.fixture(scope="module")
def tokens(instances: list[ServiceProcess]) -> dict[str, str]:
    return {email: instances[0].token(email) for email in (ANN, BOB)}


@pytest.fixture(params=["haproxy", "nginx"])
def program(request: pytest.FixtureRequest) -> Program:
    program: Program = request.param
    return program


@pytest.fixture
def stick() -> Stick:
    return "session"


@pytest.fixture
async def place(
    program: Program, stick: Stick, instances: list[ServiceProcess], tokens: dict[str, str], tmp_path: Path
) -> AsyncIterator[Place]:
    async with ReverseProxy(program, tmp_path, [instance.port for instance in instances], stick) as proxy:
        place = Place(proxy, instances, tokens)
        await place.init()
        yield place


@pytest.mark.parametrize("transport", SOCKJS_IN_NODE)
async def test_people_on_different_instances_chat(place: Place, transport: str) -> None:
    await place.emptied()
    async with NodeClient(Library("stompjs", "1.2", transport), place.url) as ann, AsyncExitStack() as stack:
        await ann.connect(place.tokens[ANN])
        await ann.got("connected")
        await ann.subscribe(place.topic)
        for _ in range(50):  # until one of them is on the other instance
            bob = await stack.enter_async_context(WebClient(place.proxy.ws_url, place.tokens[BOB]))
            if all(await place.connections()):
                break
        assert all(await place.connections())
        await bob.subscribe(place.topic)
        await ann.send_json("/app/chat.send", place.message(ANN, "is it you?"))
        await bob.messages(place.topic)
        await bob.send(place.message(BOB, "it is"))
        said = ["is it you?", "it is"]
        assert [message["content"] for message in await bob.messages(place.topic, 2)] == said
        assert [message["content"] for message in await ann.messages(place.topic, 2)] == said


class Browser(SockJsPoller):
    keeps_cookies = True


@pytest.mark.parametrize("stick", ["cookie"])
async def test_a_client_with_the_cookie_of_an_instance_stays_there(place: Place) -> None:
    await place.emptied()
    async with AsyncExitStack() as stack:
        people: list[Browser] = []
        while not all(await place.connections()):
            people.append(await stack.enter_async_context(Browser(place.url)))
            await people[-1].connect(place.tokens[ANN])
            assert len(people) < 50
        for person in people:
            await person.say("SUBSCRIBE", id="1", destination=place.topic, receipt="r")
            await person.got("RECEIPT")
        sent = msgspec.json.encode(place.message(ANN, "all here?")).decode()
        await people[0].say("SEND", sent, destination="/app/chat.send")
        for person in people:
            assert msgspec.json.decode((await person.got("MESSAGE")).body)["content"] == "all here?"


@pytest.mark.parametrize("stick", ["user"])
async def test_all_connections_of_a_user_are_on_one_instance(place: Place) -> None:
    await place.emptied()
    used: list[list[bool]] = []
    async with AsyncExitStack() as stack:
        for number in range(8):
            before = await place.connections()
            for _ in range(2):
                url = f"{place.proxy.ws_url}?user={number}"
                await stack.enter_async_context(WebClient(url, place.tokens[ANN]))
            used.append([now > then for now, then in zip(await place.connections(), before, strict=True)])
        assert all(sum(instances) == 1 for instances in used)
        before = await place.connections()
        library = Library("stompjs", "1.2", STICKY_TRANSPORTS[0])
        ann = await stack.enter_async_context(NodeClient(library, f"{place.url}?user=0"))
        await ann.connect(place.tokens[ANN])
        await ann.got("connected")
        assert [now > then for now, then in zip(await place.connections(), before, strict=True)] == used[0]
    assert [True, False] in used
    assert [False, True] in used


@pytest.mark.parametrize("stick", ["cookie"])
async def test_without_a_cookie_there_is_nothing_to_stay_by(place: Place) -> None:
    async with AsyncExitStack() as stack:

        async def is_lost() -> bool:
            person = await stack.enter_async_context(SockJsPoller(place.url))
            assert await person.poll() == (200, "o")
            return await person.post("\n") == 404

        assert await eventually_some(is_lost)


@pytest.mark.parametrize("stick", ["nothing"])
async def test_without_stickiness_a_session_is_lost_at_its_second_request(place: Place) -> None:
    """Strictly by turns, so that it is the other instance's."""
    async with SockJsPoller(place.url) as sender, SockJsPoller(place.url) as reader:
        assert await sender.poll() == (200, "o")
        assert await sender.post("\n") == 404
        assert [await reader.poll() for _ in range(2)] == [(200, "o")] * 2
    for transport in STICKY_TRANSPORTS:
        async with NodeClient(Library("stompjs", "1.2", transport), place.url) as ann:
            await ann.connect(place.tokens[ANN])
            await ann.got("closed")
            assert not ann.of("connected"), transport
    async with NodeClient(Library("stompjs", "1.2", "websocket"), place.url) as ann:
        await ann.connect(place.tokens[ANN])
        await ann.got("connected")


class Reader(NodeClient):
    """Reads a topic, and comes back as often as it is sent away, each time after the last `seq` it has."""

    def __init__(self, place: Place, transport: str) -> None:
        super().__init__(Library("stompjs", "1.2", transport), place.url)
        self._place = place
        self.reads = False

    @property
    def seqs(self) -> list[int]:
        return [int(event["headers"]["seq"]) for event in self.of("message")]

    async def stay(self) -> None:
        while True:
            await self.connect(self._place.tokens[ANN])
            if await self._change(60) == "connected":
                await self.subscribe(self._place.topic, resume_after=str(self.seqs[-1] if self.seqs else 0))
                self.reads = True
                assert await self._change(100) == "closed"
                self.reads = False
            await asyncio.sleep(0.2)  # who is refused asks again after a while

    async def _change(self, within: float) -> str:
        """The next one of its state."""
        known = len(self._changes())
        await eventually(lambda: len(self._changes()) > known, within)
        return self._changes()[known]

    def _changes(self) -> list[str]:
        return [event["on"] for event in self.events if event["on"] in ("connected", "closed")]


async def say(place: Place, contents: Iterator[int]) -> None:
    """One after the other, each until it is stored."""
    headers = {"Authorization": f"Bearer {place.tokens[BOB]}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        for content in contents:
            message = place.message(BOB, str(content))
            while (status := await post(http, f"{place.proxy.url}/api/chat/message", message)) != 200:
                assert status in (502, 503, 504)
                await asyncio.sleep(0.05)


async def post(http: aiohttp.ClientSession, url: str, body: object) -> int:
    async with http.post(url, json=body) as answer:
        return answer.status


async def test_a_rolling_restart_loses_and_repeats_no_message(place: Place) -> None:
    await place.emptied()
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(Reader(place, name)) for name in (*SOCKJS_IN_NODE, "ws")]
        staying = [asyncio.create_task(reader.stay()) for reader in readers]
        await eventually(lambda: all(reader.reads for reader in readers), 60)
        sent, talking = 0, True

        def contents() -> Iterator[int]:
            nonlocal sent
            while talking:
                yield sent
                sent += 1

        saying = asyncio.create_task(say(place, contents()))
        for stopping, other in (place.instances, place.instances[::-1]):
            stopping.signal(signal.SIGTERM)
            assert await stopping.ended() == 0

            async def all_are_on_the_other(other: ServiceProcess = other) -> bool:
                return await connections(other) == len(readers) and all(reader.reads for reader in readers)

            await eventually_some(all_are_on_the_other, 60)
            await stopping.start()
        talking = False
        await saying
        await eventually(lambda: all(len(reader.seqs) >= sent for reader in readers), 30)
        assert not any(task.done() for task in staying)
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
        assert sent > 20
        for reader in readers:
            assert reader.seqs == list(range(1, sent + 1))
            assert reader.of("closed"), "each was on one of them"


async def test_haproxy_sends_no_client_to_an_instance_that_is_not_ready(
    instances: list[ServiceProcess], tmp_path: Path
) -> None:
    async with http_server() as starting:
        starting.will(answers(503))
        ports = [instances[0].port, int(starting.url.rpartition(":")[2])]
        async with ReverseProxy("haproxy", tmp_path, ports) as proxy:
            await eventually(lambda: starting.asked > 1)  # what the first time said has been taken in
            assert [(await ask(proxy.url, "GET", "/ws/info")).status for _ in range(20)] == [200] * 20
            assert set(starting.paths) == {READINESS}
            starting.will(answers(200))

            async def gets_clients() -> bool:
                await ask(proxy.url, "GET", "/ws/info")
                return "/ws/info" in starting.paths

            assert await eventually_some(gets_clients)


async def test_the_host_that_the_client_wrote_arrives(place: Place) -> None:
    """By it the service, which was given no origins, tells its own pages from others'."""
    assert (await ask(place.url, "GET", "/info", Origin=place.proxy.url)).status == 200
    assert (await ask(place.url, "GET", "/info", Origin="http://127.0.0.1")).status == 403


async def test_the_largest_token_arrives(place: Place) -> None:
    """The service refuses it, not the proxy: for a request, for an upgrade and for a request of SockJS."""
    authorization = f"Bearer {'a' * 16_384}"
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    headers = {"Authorization": authorization}
    assert (await ask(place.proxy.url, "GET", "/api/chat/sessions", **headers)).status == 401
    assert (await ask(place.url, "POST", "/000/large/xhr", **headers)).status == 200
    async with RawHttp(place.url) as http:
        assert (await http.ask("GET", "", **headers, **upgrade, **key)).status == 101


@pytest.mark.parametrize(
    "path", ["/metrics", "/%6detrics", "//metrics", READINESS, "/ws/../metrics", "/api/..//metrics"]
)
async def test_problem_documents_show_no_internals(place: Place, path: str) -> None:
    assert (await ask(place.proxy.url, "GET", path)).status in (
        401,
        404,
    )  # the former for what is the API's by its path
