"""Those who come back together take turns at the store, and what is sent meanwhile does not wait for them."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

from adapters.memory.broker import InProcessBroker
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.store.contents import InMemoryStore
from adapters.memory.store.messages import InMemoryMessageRepository
from adapters.stomp.connections import CONNECTS
from application.commands import SendMessageCommand
from application.concurrency.write_behind import WriteBehind
from application.delivery.pages import FIRST_PAGE, PAGE
from application.delivery.replay import Replay
from domain.identifiers import ClientMessageId, Email, SessionId
from domain.message import Message
from tests.support.eventually import eventually
from tests.support.memory.pages import everything
from tests.support.memory.service import ANN, Service
from tests.support.people import CLAIM, FRIENDS, draft, envelope

READERS = 2
CLIENTS = 6
PAGES = 4
BACKLOG = 7 * FIRST_PAGE + PAGE - 10  # each page asks for twice as much as the one before, up to `PAGE`


class WatchedReads(InMemoryMessageRepository):
    """`log` says whose pages were asked for, in order. Pages are answered while `answers` is set."""

    def __init__(self, store: InMemoryStore) -> None:
        super().__init__(store)
        self.log: list[SessionId] = []
        self.answers = asyncio.Event()
        self.active = self.most_active = 0

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        self.log.append(session_id)
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        await self.answers.wait()
        await asyncio.sleep(0)
        self.active -= 1
        return await super().after(session_id, seq, limit, fresh=fresh)


class ComeBack:
    """`CLIENTS` sessions with a backlog, all of which are replayed at once."""

    def __init__(self) -> None:
        self.service = Service(InProcessBroker())
        self.reads = WatchedReads(self.service.store)
        self.sessions: list[SessionId] = []
        self._replay = Replay(
            self.service.participants,
            self.reads,
            InMemoryProfileDirectory(),
            self.service.container.shown(),
            self.service.delivered,
            READERS,
        )

    async def start(self) -> list["asyncio.Task[list[int]]"]:
        for number in range(CLIENTS):
            session = await self.service.init(ANN, ANN.email, Email(f"peer{number}@example.org"), FRIENDS)
            one, other = (await self.service.participants.profiles(session)).values()
            drafts = [draft(session, one, other) for _ in range(BACKLOG)]
            await self.reads.append(drafts, CLAIM, envelope)
            self.sessions.append(session.id)
        return [asyncio.create_task(self._all_of(session_id)) for session_id in self.sessions]

    async def _all_of(self, session_id: SessionId) -> list[int]:
        reader = await self.service.participants.for_reader(session_id, ANN)
        replayed = await everything(self._replay.session(reader, 0))
        return [one.message.seq for one in replayed if one.message is not None]


async def test_everybody_gets_a_page_before_anybody_gets_the_next() -> None:
    back = ComeBack()
    replays = await back.start()
    back.reads.answers.set()
    for seqs in await asyncio.gather(*replays):
        assert seqs == list(range(1, BACKLOG + 1))
    assert back.reads.log == back.sessions * PAGES
    assert back.reads.most_active == READERS


async def test_a_send_does_not_wait_for_replays() -> None:
    back = ComeBack()
    replays = await back.start()
    await back.service.start()
    await eventually(lambda: back.reads.active == READERS)
    command = SendMessageCommand(back.sessions[0], ANN.email, FRIENDS, "now", ClientMessageId(uuid4()))
    stored = await back.service.send(ANN, command, "http")
    assert not any(replay.done() for replay in replays)
    assert len(back.reads.log) == READERS, "the others wait for their turn"
    back.reads.answers.set()
    first, *_ = await asyncio.gather(*replays)
    assert first[-1] == BACKLOG + 1, stored
    await back.service.stop()


async def test_a_replay_that_ends_early_gives_its_turn_on() -> None:
    back = ComeBack()
    replays = await back.start()
    await eventually(lambda: back.reads.active == READERS)
    for replay in replays[:-1]:
        replay.cancel()
    back.reads.answers.set()
    assert await asyncio.wait_for(replays[-1], 30) == list(range(1, BACKLOG + 1))


async def test_clients_that_connect_together_are_admitted_a_few_at_a_time() -> None:
    connections, let_in = Service(InProcessBroker()).container.connections(), 0

    async def connect() -> None:
        nonlocal let_in
        await connections.take_turn()
        let_in += 1

    connecting = [asyncio.create_task(connect()) for _ in range(5 * CONNECTS)]
    before = 0
    while not all(task.done() for task in connecting):
        await asyncio.sleep(0)
        assert let_in - before <= CONNECTS
        before = let_in
    assert let_in == 5 * CONNECTS


async def test_a_flush_that_waited_for_another_writes_nothing_that_it_wrote() -> None:
    batches: list[list[int]] = []
    go_on = asyncio.Event()

    async def write(facts: Sequence[int]) -> None:
        batches.append(list(facts))
        await go_on.wait()

    marks: WriteBehind[int] = WriteBehind("marks", write)
    marks.add([0])
    flushes = [asyncio.create_task(marks.flush())]
    await eventually(lambda: bool(batches))
    for number in range(1, 5):
        marks.add([number])
        flushes.append(asyncio.create_task(marks.flush()))
        await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*flushes) == [True] * 5
    assert batches == [[0], [1, 2, 3, 4]]
