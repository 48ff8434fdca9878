"""A feed between a store, live deliveries and a client, each of which a test moves on step by step."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from math import inf
from uuid import UUID

from adapters.stomp.feeds.ordered_feed import OrderedFeed
from adapters.stomp.feeds.replay_line import ReplayLine
from adapters.stomp.feeds.stored_feed import StoredFeed
from adapters.stomp.feeds.undelivered_feed import UndeliveredFeed
from adapters.stomp.hub import head_of
from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.subscription import AckMode, Subscription
from adapters.stomp.transport import Close
from adapters.stomp.write_queue import WriteQueue
from application.concurrency.concurrency_limit import ConcurrencyLimit
from application.delivery.pages import Fetch, Pages, Place
from application.ports.push import Delivery, MessageKey
from domain.destination import MESSAGES_QUEUE, session_topic, user_destination
from domain.identifiers import ClientMessageId, Email, MessageId, ProfileId, SessionId
from domain.message import Message

MAX_UNACKED = 3
MAX_UNSENT = 2_000
PAGE = 3
SESSIONS = [SessionId(UUID(int=number)) for number in (1, 2, 3)]


class Socket:
    """Takes a frame for each `read`, one after the other; `messages` are those that it took, by session and seq."""

    def __init__(self) -> None:
        self.messages: list[tuple[UUID, int]] = []
        self.ack_ids: list[str] = []
        self.on_taken: Callable[[], None] = lambda: None
        self._may_take: float = 0
        self._kept = ""
        self._decoder = FrameDecoder(max_frame_bytes=65_536)
        self._decoder.use("1.2")

    def send(self, text: str, *, binary: bool = False) -> bool:
        assert not self._kept, "one after the other"
        self._kept = text
        return self._take()

    def read(self) -> None:
        """One frame, of those that are there or come later."""
        self._may_take += 1
        self._take_kept()

    def read_all(self) -> None:
        """Whatever comes from now on."""
        self._may_take = inf
        self._take_kept()

    def pause_reading(self) -> None:
        raise NotImplementedError

    def resume_reading(self) -> None:
        raise NotImplementedError

    def close(self, close: Close) -> None:
        raise NotImplementedError

    def _take_kept(self) -> None:
        if self._kept and self._take():
            self.on_taken()

    def _take(self) -> bool:
        if self._may_take < 1:
            return False
        self._may_take -= 1
        text, self._kept = self._kept, ""
        for frame in self._decoder.feed(text):
            self.messages.append((UUID(frame.headers["session-id"]), int(frame.headers["seq"])))
            if "ack" in frame.headers:
                self.ack_ids.append(frame.headers["ack"])
        return True


class Bench:
    """`stored` are the messages in the order of their commits; `failures` what ended the connection.

    `pages_read` counts the pages that were asked for.
    """

    def __init__(self, ack_mode: AckMode) -> None:
        self.socket = Socket()
        self.failures: list[object] = []
        self.stored: list[Delivery] = []
        self.delivered: set[MessageId] = set()
        self._marks: list[MessageId] = []
        self._ids = (MessageId(UUID(int=number)) for number in count(1))
        self.queue = WriteQueue(self.socket, self._written, MAX_UNSENT, lambda: self.failures.append("overflow"))
        self.socket.on_taken = self.queue.writable
        self.subscription = Subscription(
            "1", "/user/queue/messages", ack_mode, serial=1, version="1.2", max_unacked=MAX_UNACKED
        )
        self.line = ReplayLine(self.queue, self.failures.append)
        self.pages_read = 0
        self._turns = ConcurrencyLimit(2)
        self.feed: StoredFeed

    def ordered(self, after: int, end: int) -> None:
        feed = OrderedFeed(self.subscription, self.queue, self.line, self.pages_after)
        feed.start(after, end)
        self.feed = feed

    def undelivered(self, *, replay: bool) -> None:
        feed = UndeliveredFeed(self.subscription, self.queue, self.line, self._undelivered)
        self.feed = feed
        if replay:
            feed.replay()

    def commit(self, session: SessionId, destination: str | None = None) -> None:
        seq = 1 + sum(one.message is not None and one.message.session_id == session for one in self.stored)
        key = MessageKey(next(self._ids), session, seq, Email("ann@example.org"))
        self.stored.append(Delivery(destination or user_destination("bob@example.org", MESSAGES_QUEUE), "x" * 60, key))

    def commit_to_topic(self) -> None:
        self.commit(SESSIONS[0], session_topic(SESSIONS[0]))

    def push(self, index: int) -> None:
        delivery = self.stored[index]
        self.feed.deliver(delivery, head_of(delivery))

    def answer(self, which: int, *, refused: bool = False) -> None:
        """ACK, or NACK, of one of the messages that came."""
        if not self.socket.ack_ids:
            return
        if refused and len(self.subscription.refused) + self.subscription.unacked > MAX_UNACKED:
            return  # of older NACKs a subscription knows nothing, and may give their messages again
        ack_id = self.socket.ack_ids.pop(which % len(self.socket.ack_ids))
        tags = self.subscription.settle(int(ack_id.partition("-")[2]), refused=refused)
        if not refused:
            self._marks += [tag.id for tag in tags if isinstance(tag, MessageKey)]

    def answer_all(self) -> None:
        while self.socket.ack_ids:
            self.answer(0)

    async def settle(self, is_so: Callable[[], bool] = lambda: False) -> None:
        """Lets everything happen that can, with a client that reads and ACKs."""
        self.socket.read_all()
        for _ in range(2_000):
            await asyncio.sleep(0)
            self.answer_all()
            if is_so():
                return

    async def stop(self) -> None:
        self.feed.stop()
        self.line.stop()
        self.queue.stop()

    def _written(self, delivery: Delivery) -> None:
        if delivery.message is not None:
            self._marks.append(delivery.message.id)

    def pages_after(self, seq: int) -> Pages:
        async def fetch(last: Place | None, limit: int) -> Sequence[Message]:
            first = seq if last is None else last.seq
            return await self._page([one for one in self.stored if _key(one).seq > first], limit)

        return self._pages(fetch)

    async def _undelivered(self) -> Pages:
        async def fetch(last: Place | None, limit: int) -> Sequence[Message]:
            place = (UUID(int=0), 0) if last is None else (last.session_id, last.seq)
            undelivered = [one for one in self.stored if _key(one).id not in self.delivered]
            beyond = [one for one in undelivered if (_key(one).session_id, _key(one).seq) > place]
            beyond.sort(key=lambda one: (_key(one).session_id, _key(one).seq))
            return await self._page(beyond, limit)

        await asyncio.sleep(0)
        self.delivered.update(self._marks)
        return self._pages(fetch)

    async def _page(self, found: Sequence[Delivery], limit: int) -> Sequence[Message]:
        self.pages_read += 1
        await asyncio.sleep(0)
        return [_message(_key(one)) for one in found[:limit]]

    def _pages(self, fetch: Fetch) -> Pages:
        async def render(messages: Sequence[Message]) -> Sequence[Delivery]:
            ids = [message.id for message in messages]
            await asyncio.sleep(0)
            return sorted((one for one in self.stored if _key(one).id in ids), key=lambda one: ids.index(_key(one).id))

        return Pages(self._turns, fetch, render, PAGE)


def _key(delivery: Delivery) -> MessageKey:
    assert delivery.message is not None
    return delivery.message


def _message(key: MessageKey) -> Message:
    nobody, client_id = ProfileId(UUID(int=0)), ClientMessageId(key.id)
    return Message(key.id, key.session_id, key.seq, client_id, nobody, "x", datetime.now(UTC), False, False)
