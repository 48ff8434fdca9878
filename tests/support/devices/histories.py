"""Any history of a chat: what people do, what reaches their devices, and what the devices make of it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from adapters.memory.clock import ManualClock
from application.wire.chat_message import ChatMessage
from domain.errors import ChatError
from domain.identifiers import Email, SessionId
from entrypoints.store import Store
from tests.support.devices.device import Device
from tests.support.devices.kept import MARKS, without_delivered
from tests.support.devices.world import NODES, World
from tests.support.memory.stomp_chat import Client

T = TypeVar("T")

NODE = st.integers(0, NODES - 1)
PERSON = st.integers(0, 2)
WHICH = st.integers(0, 30)
EMOJI = st.sampled_from(["👍", "❤️", None])
MAX_DEVICES = 5
TURNS = 60
"""Turns of the event loop in which everything happens that a store in memory lets happen."""


class Histories(RuleBasedStateMachine):
    """Its end compares each device, once it has resumed, with what REST shows to its user.

    A new feature adds rules for what people do, and makes `Kept` take its events.
    """

    @staticmethod
    def make_store(clock: ManualClock) -> Store:
        """The store of one history, which may share its database with others."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = self.run(self._started())
        self.devices: list[Device] = []
        self.sessions: list[tuple[SessionId, Email, Email]] = []
        self.sent: list[tuple[ChatMessage, Email, Email]] = []
        self.deleted: list[tuple[str, Device, Client, int]] = []
        self.texts: dict[UUID, list[str]] = {}
        self.count = 0

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Runs something, and whatever follows from it at once."""

        async def settled() -> T:
            done = await doing
            for _ in range(TURNS):
                await asyncio.sleep(0)
            return done

        return self.loop.run_until_complete(settled())

    def attempt(self, doing: Coroutine[Any, Any, object]) -> bool:
        """Runs what may be refused. Says whether it was done."""
        try:
            self.run(doing)
        except ChatError:
            return False
        return True

    @initialize()
    def two_open_a_session(self) -> None:
        self.open(0, 1)
        self.add_device(1)

    @rule(one=PERSON, other=PERSON)
    def open(self, one: int, other: int) -> None:
        people = self.world.people
        if one == other or any({people[one], people[other]} == {a, b} for _, a, b in self.sessions):
            return
        session_id = self.run(self.world.open(people[one], people[other]))
        self.sessions.append((session_id, people[one], people[other]))

    @rule(which=WHICH, by_second=st.booleans(), answers=st.none() | st.integers(1, 4))
    def send(self, which: int, *, by_second: bool, answers: int | None) -> None:
        session_id, *two = self.sessions[which % len(self.sessions)]
        sender, receiver = reversed(two) if by_second else two
        with suppress(ChatError):  # it may answer what is not there
            message = self.run(self.world.send(sender, session_id, self.text(), answers))
            self.sent.append((message, sender, receiver))
            self.texts[message.message_id] = [message.content]

    @precondition(lambda self: self.sent)
    @rule(which=WHICH)
    def edit(self, which: int) -> None:
        message, sender, _ = self.sent[which % len(self.sent)]
        text = self.text()
        if self.attempt(self.world.edit(sender, (message.session_id, message.message_id), text)):
            self.texts[message.message_id].append(text)

    @precondition(lambda self: self.sent)
    @rule(which=WHICH)
    def delete_for_everyone(self, which: int) -> None:
        message, sender, _ = self.sent[which % len(self.sent)]
        if self.attempt(self.world.delete(sender, (message.session_id, message.message_id), for_everyone=True)):
            for device in self.devices:
                if device.client is not None:
                    self.deleted += [
                        (text, device, device.client, device.client.taken) for text in self.texts[message.message_id]
                    ]

    @precondition(lambda self: self.sent)
    @rule(which=WHICH, by_sender=st.booleans())
    def delete_for_me(self, which: int, *, by_sender: bool) -> None:
        message, *two = self.sent[which % len(self.sent)]
        self.run(self.world.delete(two[not by_sender], (message.session_id, message.message_id), for_everyone=False))

    @precondition(lambda self: self.sent)
    @rule(which=WHICH, by_sender=st.booleans(), emoji=EMOJI)
    def react(self, which: int, *, by_sender: bool, emoji: str | None) -> None:
        message, *two = self.sent[which % len(self.sent)]
        self.attempt(self.world.react(two[not by_sender], (message.session_id, message.message_id), emoji))

    @precondition(lambda self: self.sent)
    @rule(which=WHICH)
    def see(self, which: int) -> None:
        message, _, receiver = self.sent[which % len(self.sent)]
        self.run(self.world.see(receiver, message.session_id, message.seq))

    @precondition(lambda self: len(self.devices) < MAX_DEVICES)
    @rule(person=PERSON)
    def add_device(self, person: int) -> None:
        device = Device(self.world.people[person])
        self.run(self._begin(device))
        self.devices.append(device)

    @rule(which=WHICH, event=WHICH)
    def take(self, which: int, event: int) -> None:
        self.device(which).take(event)

    @rule(which=WHICH, event=WHICH)
    def take_again(self, which: int, event: int) -> None:
        self.device(which).take_again(event)

    @rule(which=WHICH, event=WHICH)
    def take_late(self, which: int, event: int) -> None:
        self.device(which).take_late(event)

    @rule(which=WHICH)
    def take_all(self, which: int) -> None:
        self.device(which).take_all()

    @rule(which=WHICH)
    def cut(self, which: int) -> None:
        device = self.device(which)
        if device.client is not None:
            self.run(device.cut())

    @rule(which=WHICH)
    def resume(self, which: int) -> None:
        self.run(self._resume(self.device(which)))

    @rule(which=WHICH)
    def resume_after_nonsense(self, which: int) -> None:
        device = self.device(which)
        if device.client is None:
            device.token = "nonsense"
            self.run(self._resume(device))

    @rule(which=WHICH, limit=st.sampled_from([1, 2, 3, 200]))
    def resume_a_page_over_rest(self, which: int, limit: int) -> None:
        device = self.device(which)
        if device.client is None and device.token is not None:
            self.run(self._take_page(device, limit))

    @rule(which=WHICH, reads=st.booleans())
    def stall_or_read(self, which: int, *, reads: bool) -> None:
        client = self.device(which).client
        if client is not None:
            self.run(_called(lambda: setattr(client, "reads", reads)))

    @rule(node=NODE)
    def hold_deliveries(self, node: int) -> None:
        self.world.nodes[node].broker.holds = True

    @rule(node=NODE, which=WHICH, again=st.booleans())
    def release_a_delivery(self, node: int, which: int, *, again: bool) -> None:
        if self.world.nodes[node].broker.held:
            self.run(self.world.nodes[node].broker.release(which, again=again))

    @rule(node=NODE, lose=st.booleans())
    def hold_no_more(self, node: int, *, lose: bool) -> None:
        broker = self.world.nodes[node].broker
        broker.holds = False
        while broker.held and not lose:
            self.run(broker.release(0, again=False))
        broker.drop_all()

    @rule(seconds=st.integers(1, 100))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @rule(which=WHICH)
    def position_moves_on(self, which: int) -> None:
        client = self.device(which).client
        if client is not None:
            self.run(_called(client.move_on))

    def teardown(self) -> None:
        """Lets every device resume, and compares it with REST."""
        try:
            self._check_deleted()
            for device in self.devices:
                self.run(self._whole(device))
                self.run(self._compare(device))
            self._check_deleted()
        finally:
            self.run(self._stop())
            self.loop.close()

    def device(self, which: int) -> Device:
        return self.devices[which % len(self.devices)]

    def text(self) -> str:
        """A text that no other message has."""
        self.count += 1
        return f"text {self.count:05}"

    async def _started(self) -> World:
        world = World(self.make_store)
        await world.start()
        return world

    async def _stop(self) -> None:
        for device in self.devices:
            if device.client is not None:
                await device.cut()
        await self.world.stop()

    async def _begin(self, device: Device) -> None:
        """Without a token: what REST shows, after `ready`."""
        email = Email(device.kept.email)
        device.token = None
        await device.connect(await self.world.connect(email))
        sessions = await self.world.sessions(email)
        histories = [await self.world.history(email, one["sessionId"]) for one in sessions]
        device.kept.take_answers(sessions, [message for history in histories for message in history])

    async def _resume(self, device: Device) -> None:
        if device.client is None and device.token is None:
            await self._begin(device)
        elif device.client is None:
            await device.connect(await self.world.connect(Email(device.kept.email)))

    async def _take_page(self, device: Device, limit: int) -> bool:
        changes, token, more = await self.world.sync(Email(device.kept.email), device.token, limit)
        device.take_page(changes, token)
        return more

    async def _whole(self, device: Device) -> None:
        if device.client is not None:
            await device.cut()
        while device.late:
            device.take_late(0)
        await self._resume(device)
        device.take_all()

    async def _compare(self, device: Device) -> None:
        email = Email(device.kept.email)
        shown = await self.world.sessions(email)
        assert [one["sessionId"] for one in device.kept.list()] == [one["sessionId"] for one in shown]
        for kept, session in zip(device.kept.list(), shown, strict=True):
            history = await self.world.history(email, session["sessionId"])
            for has, message in zip(device.kept.history(session["sessionId"]), history, strict=True):
                assert has == without_delivered(message), (has, message)
            if session["lastMessage"] is not None:
                session["lastMessage"] = without_delivered(session["lastMessage"])
            shown_session = {name: value for name, value in session.items() if name not in MARKS}
            assert kept == shown_session, (kept, session)

    def _check_deleted(self) -> None:
        for text, device, client, taken in self.deleted:
            assert not any(text.encode() in frame.body for frame in client.frames[taken:]), (text, device.kept.email)


async def _called(call: Callable[[], object]) -> None:
    """Calls it in the event loop."""
    call()
