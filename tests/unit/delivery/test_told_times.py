"""Two instances tell what they read of one store. Their clocks differ: the newer state has the later time even so."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from adapters.memory.broker import InProcessBroker
from adapters.memory.clock import ManualClock
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.store.contents import InMemoryStore
from application.commands import ConversationCommand
from application.delivery.unread_events import UnreadEvents
from domain.conversation import ConversationChange
from domain.destination import EVENTS_QUEUE, user_destination
from domain.identifiers import SessionId
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, Service
from tests.support.people import FRIENDS, NOW

HOUR = 3_600


@pytest.fixture
async def instances() -> AsyncIterator[tuple[Service, Service]]:
    """The first one's clock is an hour ahead."""
    store, remembered = InMemoryStore(ManualClock(NOW)), InMemoryProfileDirectory()
    ahead, right = (
        Service(InProcessBroker(), store=store, remembered=remembered, ahead=seconds) for seconds in (HOUR, 0)
    )
    for service in (ahead, right):
        service.push.listened_to = {EVENTS_QUEUE}
        await service.start()
    yield ahead, right
    for service in (ahead, right):
        await service.stop()


def told(instances: tuple[Service, Service], kind: str) -> list[dict[str, Any]]:
    """What Ann was told, by time."""
    mine = user_destination(ANN.email, EVENTS_QUEUE)
    deliveries = [one for service in instances for one in service.push.deliveries if one.destination == mine]
    events = [msgspec.json.decode(delivery.body) for delivery in deliveries]
    return sorted((event for event in events if event["type"] == kind), key=lambda event: event["at"])


async def change(service: Service, session_id: SessionId, **changes: Any) -> None:
    command = ConversationCommand(session_id=session_id, change=ConversationChange(**changes))
    await service.container.sides().change_conversation(ANN, command)
    service.store.clock.advance(1)  # type: ignore[attr-defined]


async def test_of_two_states_of_a_session_the_newer_one_is_told_with_the_later_time(
    instances: tuple[Service, Service],
) -> None:
    ahead, right = instances
    session = await ahead.init(ANN, ANN.email, BOB.email, FRIENDS)
    for number, service in enumerate((ahead, right, ahead, right)):
        await change(service, session.id, draft=f"draft {number}")
    drafts = [event.get("draft") for event in told(instances, "session")]
    assert drafts == [None, "draft 0", "draft 1", "draft 2", "draft 3"]


async def test_the_store_says_whether_a_session_is_muted(instances: tuple[Service, Service]) -> None:
    ahead, right = instances
    session = await right.init(ANN, ANN.email, BOB.email, FRIENDS)
    await change(right, session.id, muted_until=NOW + timedelta(minutes=30))
    for service in (ahead, right):
        (listed,) = (await service.sessions(ANN, None, None, limit=10, cursor=None)).sessions
        assert listed.muted


async def test_of_two_unread_counts_the_newer_one_is_told_with_the_later_time(
    instances: tuple[Service, Service],
) -> None:
    for number, service in enumerate(instances, 1):
        container = service.container
        events = UnreadEvents(
            container.store().unread, container.directory(), service.push, container.features(), interval=0
        )
        events.start()
        events.note(ANN.email)
        await eventually(lambda number=number: len(told(instances, "unread")) == number)  # type: ignore[misc]
        await events.stop()
        service.store.clock.advance(1)  # type: ignore[attr-defined]
    assert [event["at"] for event in told(instances, "unread")] == ["2026-01-01T12:00:00Z", "2026-01-01T12:00:01Z"]
