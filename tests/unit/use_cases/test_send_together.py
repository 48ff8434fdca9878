"""Messages sent in one transaction: all of them are stored, or none and each is told why."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import SendMessageCommand
from application.delivery.message_intake import Accepted
from domain.errors import ChatError
from domain.identifiers import ClientMessageId, SessionId
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.people import FRIENDS


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service(InProcessBroker(), rate=1)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def session_id(service: Service) -> SessionId:
    return (await service.init(ANN, ANN.email, BOB.email, FRIENDS)).id


def command(session_id: SessionId, content: str = "hello", client_id: UUID | None = None) -> SendMessageCommand:
    return SendMessageCommand(session_id, ANN.email, FRIENDS, content, ClientMessageId(client_id or uuid4()))


async def codes(service: Service, *commands: SendMessageCommand) -> list[str]:
    outcomes = await service.send.together(ANN, commands, "stomp")
    return [one.code if isinstance(one, ChatError) else "stored" for one in outcomes]


def stored(service: Service, session_id: SessionId) -> list[str]:
    return [message.content for message in service.store.messages.get(session_id, [])]


async def test_all_are_stored_in_their_order(service: Service, session_id: SessionId) -> None:
    outcomes = await service.send.together(ANN, [command(session_id, content) for content in "ab"], "stomp")
    assert [isinstance(one, Accepted) and not one.repeated for one in outcomes] == [True, True]
    assert stored(service, session_id) == ["a", "b"]
    assert await codes(service) == []


async def test_a_message_that_a_check_refuses_refuses_the_transaction(service: Service, session_id: SessionId) -> None:
    assert await codes(service, command(session_id), command(session_id, " ")) == ["transaction-aborted", "invalid"]
    assert stored(service, session_id) == []
    assert await codes(service, command(session_id), command(session_id)) == ["stored", "stored"], "nothing was taken"


async def test_a_message_that_the_store_refuses_refuses_the_transaction(
    service: Service, session_id: SessionId
) -> None:
    first = command(session_id, "first")
    await service.send(ANN, first, "http")
    conflict = command(session_id, "else", first.client_message_id)
    service.clock.advance(2)
    assert await codes(service, conflict, command(session_id)) == ["idempotency-conflict", "transaction-aborted"]
    assert stored(service, session_id) == ["first"]


async def test_the_rate_allows_all_or_none(service: Service, session_id: SessionId) -> None:
    await service.send(ANN, command(session_id, "one of two"), "http")
    assert await codes(service, command(session_id), command(session_id)) == ["rate-limited"] * 2
    await service.send(ANN, command(session_id, "two of two"), "http")
    assert stored(service, session_id) == ["one of two", "two of two"]


async def test_a_user_sends_only_as_itself_in_a_transaction(service: Service, session_id: SessionId) -> None:
    outcomes = await service.send.together(EVE, [command(session_id)], "stomp")
    assert [one.code for one in outcomes if isinstance(one, ChatError)] == ["not-yourself"]
