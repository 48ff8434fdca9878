"""A whole service of two instances in one process, and people who use it over its use cases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import msgspec

from adapters.memory.broker import InProcessExchange
from adapters.memory.clock import ManualClock
from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.memory.tokens import InMemoryTokenVerifier
from application.commands import (
    DeleteCommand,
    EditCommand,
    MarkSeenCommand,
    ReactCommand,
    SendMessageCommand,
)
from application.wire.chat_message import ChatMessage
from domain.identifiers import ClientMessageId, Email, MessageId, SessionId
from domain.principal import User
from domain.rules.repeats import UNKEYED
from entrypoints.container import Container
from entrypoints.providing import replace
from entrypoints.settings.model import Settings
from entrypoints.settings.types import Duration
from entrypoints.store import Store
from tests.support.devices.broker import WaywardBroker
from tests.support.devices.kept import Json
from tests.support.memory.stomp_chat import Client
from tests.support.people import FRIENDS

NODES = 2
NAMES = ("ann", "bob", "eve")
ROUTE = "rest"
UNCHECKED = 2
"""Seconds after which a deletion does not wait for deliveries that were made unchecked."""


class Node:
    """One instance of the service."""

    def __init__(self, world: "World", exchange: InProcessExchange) -> None:
        self.broker = WaywardBroker(exchange)
        self.container = container = Container(settings=_SETTINGS)
        replace(container.clock, world.clock)
        replace(container.digests, UNKEYED)
        replace(container.store, world.store)
        replace(container.broker, self.broker)
        replace(container.lookup, EmbeddedProfileLookup())
        container.profiles.override(container.lookup)
        tokens = {str(email): user for email, user in world.users.items()}
        replace(container.tokens, InMemoryTokenVerifier(tokens, world.clock))
        self.services = container.stomp()
        self._parts = (container.relay(), container.intake(), container.connections(), container.delivered())

    async def start(self) -> None:
        """Starts the parts that run in the background."""
        await self.broker.start(self.container.present_push())
        for part in self._parts:
            part.start()
        self.container.acks().start()

    async def stop(self) -> None:
        """Stops what was started."""
        relay, intake, connections, delivered = self._parts
        await connections.stop()
        await intake.stop()
        await relay.stop()
        await self.broker.stop()
        await self.container.present_push().stop()
        await self.container.acks().stop()
        await delivered.stop()


class World:
    """Two instances on one store, which take turns to be asked.

    Its people have addresses of their own, so that many worlds share a database.
    """

    def __init__(self, make_store: Callable[[ManualClock], Store]) -> None:
        self.clock = ManualClock(datetime.now(UTC))
        self.store = make_store(self.clock)
        self.people = [Email(f"{name}-{uuid4().hex}@example.org") for name in NAMES]
        until = self.clock.now() + timedelta(days=365)
        self.users = {email: User(email, until) for email in self.people}
        exchange = InProcessExchange()
        self.nodes = [Node(self, exchange) for _ in range(NODES)]
        self._turns = cycle(self.nodes)

    @property
    def container(self) -> Container:
        """That of the next instance."""
        return next(self._turns).container

    async def start(self) -> None:
        """Starts the instances."""
        for node in self.nodes:
            await node.start()

    async def stop(self) -> None:
        """Stops the instances, and closes the store."""
        for node in self.nodes:
            await node.stop()
        await self.store.close()

    def pass_time(self, seconds: float) -> None:
        """Moves the clock of the service, and of a store in memory."""
        self.clock.advance(seconds)

    async def connect(self, email: Email) -> Client:
        """A connection of that user."""
        return await Client(next(self._turns).services).connect(self.users[email])

    async def open(self, email: Email, to: Email) -> SessionId:
        """Opens a session."""
        return (await self.container.init_session()(self.users[email], email, to, FRIENDS)).id

    async def send(self, email: Email, session_id: SessionId, content: str, reply_to: int | None) -> ChatMessage:
        """Sends a message."""
        key = ClientMessageId(uuid4())
        command = SendMessageCommand(session_id, email, FRIENDS, content, key, reply_to)
        accepted = await self.container.send_message()(self.users[email], command, ROUTE)
        return ChatMessage.from_json(accepted.body)

    async def edit(self, email: Email, place: "Place", content: str) -> None:
        """Edits a message."""
        command = EditCommand(session_id=SessionId(place[0]), message_id=MessageId(place[1]), content=content)
        await self.container.change_message().edit(self.users[email], command)

    async def delete(self, email: Email, place: "Place", *, for_everyone: bool) -> None:
        """Deletes a message, after the time in which its deliveries are not checked."""
        self.pass_time(UNCHECKED)
        command = DeleteCommand(
            session_id=SessionId(place[0]), message_id=MessageId(place[1]), for_everyone=for_everyone
        )
        await self.container.change_message().delete(self.users[email], command)

    async def react(self, email: Email, place: "Place", emoji: str | None) -> None:
        """Reacts to a message."""
        command = ReactCommand(session_id=SessionId(place[0]), message_id=MessageId(place[1]), emoji=emoji)
        await self.container.change_message().react(self.users[email], command)

    async def see(self, email: Email, session_id: UUID, up_to: int) -> None:
        """Marks messages as seen."""
        command = MarkSeenCommand(SessionId(session_id), email, FRIENDS, up_to)
        await self.container.mark_seen()(self.users[email], command)

    async def sessions(self, email: Email) -> list[Json]:
        """What REST lists, by id."""
        page = await self.container.list_sessions()(self.users[email], email, None, limit=200, cursor=None)
        return sorted(_plain(page.sessions), key=lambda one: str(one["sessionId"]))

    async def history(self, email: Email, session_id: str) -> list[Json]:
        """What REST shows of a session."""
        key = SessionId(UUID(session_id))
        read = self.container.read_history()
        messages = await read(self.users[email], key, limit=200, before=None, after=None)
        return list(_plain(messages))

    async def sync(self, email: Email, since: str | None, limit: int) -> tuple[list[Json], str, bool]:
        """A page of changes, the token after it, and whether there is more."""
        sync = self.container.sync_changes()
        page = await sync.read(self.users[email], since, limit)
        return [msgspec.json.decode(event.body) for event in page.events], sync.write(page.next), page.more


Place = tuple[UUID, UUID]
"""A session, and a message of it."""

_SETTINGS = Settings(
    rate_limit=0,
    init_rate_limit=0,
    read_rate_limit=0,
    seen_rate_limit=0,
    subscribe_rate_limit=0,
    rate_commands=0,
    max_connections_per_user=100,
    profile_cache_ttl=Duration(0),
    profile_negative_ttl=Duration(0),
    outbox_poll=Duration(0.001),
    outbox_retention=Duration(3600),
)


def _plain(structs: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(structs))
