"""What the service itself produces in a burst is not its reader's slowness."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess
from tests.support.service.shared_service import shared_service

BURST = 5_000
LARGE = "😀" * 4_000
SENDERS = 5
WITHIN = 60.0
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", params=["granian", "uvicorn"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[ServiceProcess]:
    rates = {"CHAT_RATE_BURST": "100000", "CHAT_RATE_LIMIT": "10000", "CHAT_MAX_WAIT": "60s"}
    settings = {"CHAT_SERVER": request.param} | rates
    with shared_service(tmp_path_factory.mktemp("bursts"), databases, **settings) as service:
        yield service


class Conversation:
    """Ann writes to Bob on several connections at once."""

    def __init__(self, service: ServiceProcess, session_id: str, ann: str, bob: str, senders: list[WebClient]) -> None:
        self.service = service
        self.session_id = session_id
        self.ann = ann
        self.bob = bob
        self.senders = senders

    async def send(self, count: int, content: str) -> None:
        """All of it before anything is read of the answers."""
        for number in range(count):
            sender = self.senders[number % SENDERS]
            message = chat_message(self.session_id, self.ann, content)
            await sender.send(message, receipt=str(number))

    async def stored(self, count: int) -> None:
        await eventually(lambda: sum(len(sender.of("RECEIPT")) for sender in self.senders) >= count, WITHIN)

    def reader(self, who: str) -> WebClient:
        return WebClient(self.service.ws_url, self.service.token(who))


@pytest.fixture
async def conversation(service: ServiceProcess) -> AsyncIterator[Conversation]:
    ann, bob = f"ann-{uuid4()}@example.org", f"bob-{uuid4()}@example.org"
    async with AsyncExitStack() as stack:
        rest = await stack.enter_async_context(Rest(service.url, service.token(ann)))
        senders = [
            await stack.enter_async_context(WebClient(service.ws_url, service.token(ann))) for _ in range(SENDERS)
        ]
        yield Conversation(service, await rest.init(ann, bob), ann, bob, senders)


@pytest.mark.parametrize(
    ("where", "count", "content"),
    [("topic", BURST, "x"), ("topic", 300, LARGE), ("messages", 300, LARGE), ("ack", 300, LARGE)],
    ids=["many", "topic", "messages", "ack"],
)
async def test_a_plain_live_subscriber_gets_all_of_a_burst(
    conversation: Conversation, where: str, count: int, content: str
) -> None:
    topic = f"/topic/session.{conversation.session_id}"
    async with conversation.reader(conversation.ann if where == "ack" else conversation.bob) as reader:
        await reader.subscribe(topic if where == "topic" else f"/user/queue/{where}")
        await conversation.send(count, content)
        await conversation.stored(count)
        await eventually(lambda: len(reader.of("MESSAGE")) >= count or reader.socket.close_code is not None, WITHIN)
        assert reader.socket.close_code is None, (reader.socket.close_reason, len(reader.of("MESSAGE")))
        assert sorted(int(frame.headers["seq"]) for frame in reader.of("MESSAGE")) == list(range(1, count + 1))


async def test_a_sender_gets_all_acks_of_its_own_burst(conversation: Conversation) -> None:
    sender, count = conversation.senders[0], 300
    await sender.subscribe("/user/queue/ack")
    await conversation.send(count, LARGE)
    await eventually(lambda: len(sender.of("MESSAGE")) >= count or sender.socket.close_code is not None, WITHIN)
    assert sender.socket.close_code is None, (sender.socket.close_reason, len(sender.of("MESSAGE")))
