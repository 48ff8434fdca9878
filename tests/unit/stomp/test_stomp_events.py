"""Events of a connection: `ready` with a position, and everything that has changed since a token."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from adapters.stomp import write_queue
from adapters.stomp.feeds.events_feed import READY_SECONDS
from application.commands import DeleteCommand, EditCommand, MarkSeenCommand
from application.ports.changes.sync import Position
from application.wire.positions.sync_token import SyncToken, SyncTokens
from domain.identifiers import MessageId
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE
from tests.support.memory.stomp_chat import Chat, Client
from tests.support.people import FRIENDS

EVENTS = "/user/queue/events"


def events(client: Client) -> list[dict[str, Any]]:
    frames = [frame for frame in client.of("MESSAGE") if frame.headers["destination"] == EVENTS]
    return [{**msgspec.json.decode(frame.body), "header": frame.headers.get("sync")} for frame in frames]


async def told(client: Client, kind: str, count: int = 1) -> list[dict[str, Any]]:
    await eventually(lambda: len([one for one in events(client) if one["type"] == kind]) >= count)
    return [one for one in events(client) if one["type"] == kind]


async def say(chat: Chat, client: Client, *contents: str) -> None:
    for content in contents:
        client.say("SEND", chat.message(content), destination="/app/chat.send", receipt=content)
    await eventually(lambda: {frame.headers["receipt-id"] for frame in client.of("RECEIPT")} >= set(contents))


async def listening(chat: Chat, **headers: str) -> Client:
    bob = await chat.user(BOB)
    await bob.subscribe(EVENTS, **headers)
    await told(bob, "ready")
    return bob


async def edit(chat: Chat, event: dict[str, Any], content: str) -> None:
    command = EditCommand(session_id=chat.session_id, message_id=MessageId(UUID(event["messageId"])), content=content)
    await chat.service.container.change_message().edit(ANN, command)


async def test_without_a_token_ready_comes_first_and_then_new_events(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await say(chat, ann, "before")
    bob = await listening(chat)
    await say(chat, ann, "one", "two")
    await told(bob, "message", 2)
    first, *messages = events(bob)
    assert first["type"] == "ready"
    assert [(one["content"], one["header"]) for one in messages] == [("one", first["sync"]), ("two", first["sync"])]


async def test_a_resume_brings_all_changes_in_their_present_form(chat: Chat) -> None:
    ann = await chat.user(ANN)
    bob = await listening(chat)
    token = (await told(bob, "ready"))[0]["sync"]
    await say(chat, ann, "one", "two")
    first, second = await told(bob, "message", 2)
    later = await listening(chat, **{"resume-after": token})
    assert [one["content"] for one in await told(later, "message", 2)] == ["one", "two"]
    after = (await told(later, "ready"))[-1]["sync"]
    later.hang_up()
    await later.ended()
    await say(chat, ann, "three")
    chat.service.clock.advance(60)
    await edit(chat, first, "one, edited")
    delete = DeleteCommand(
        session_id=chat.session_id,
        message_id=MessageId(UUID(second["messageId"])),
        for_everyone=True,
    )
    await chat.service.container.change_message().delete(ANN, delete)
    again = await listening(chat, **{"resume-after": after})
    kinds = [one["type"] for one in events(again)]
    assert kinds == ["session", "receipt", "unread", "message", "message", "message", "ready"]
    messages = await told(again, "message", 3)
    assert [one["content"] for one in messages] == ["one, edited", "This message was deleted", "three"]
    assert events(again)[0]["lastMessage"]["content"] == "three"
    nothing = await listening(chat, **{"resume-after": events(again)[-1]["sync"]})
    assert [one["type"] for one in events(nothing)] == ["ready"]


async def test_a_resume_begun_over_rest_has_newer_changes_too(chat: Chat) -> None:
    ann = await chat.user(ANN)
    sync = chat.service.container.sync_changes()
    since = sync.write((await sync.read(BOB, None, 10)).next)
    await say(chat, ann, "one", "two")
    page = await sync.read(BOB, since, 1)
    await say(chat, ann, "three")
    bob = await listening(chat, **{"resume-after": sync.write(page.next)})
    assert [one["content"] for one in await told(bob, "message")] == ["one", "two", "three"]
    assert events(bob)[-1]["type"] == "ready"
    assert len(await told(bob, "ready")) == 1


async def test_a_resume_after_a_long_absence_comes_in_pages(chat: Chat) -> None:
    ann = await chat.user(ANN)
    bob = await listening(chat)
    token = events(bob)[0]["sync"]
    await say(chat, ann, *(str(number) for number in range(250)))
    later = await listening(chat, **{"resume-after": token})
    assert [one["seq"] for one in await told(later, "message", 250)] == list(range(1, 251))


@pytest.mark.parametrize("kind", ["unreadable", "another user's", "another store", "ahead"])
async def test_an_unusable_token_is_a_reset_and_everything_follows(chat: Chat, kind: str) -> None:
    ann = await chat.user(ANN)
    await say(chat, ann, *(str(number) for number in range(60)))
    position = await chat.service.container.store().sync.position()
    tokens = SyncTokens([b"chat-service:"])
    good = SyncToken(tokens.owner(BOB.email), position.epoch, position.number)
    token = {
        "unreadable": "x",
        "another user's": tokens.write(msgspec.structs.replace(good, owner=tokens.owner(ANN.email))),
        "another store": tokens.write(msgspec.structs.replace(good, epoch="other")),
        "ahead": tokens.write(msgspec.structs.replace(good, number=position.number + 1)),
    }[kind]
    bob = await listening(chat, **{"resume-after": token})
    kinds = [one["type"] for one in events(bob)]
    assert (kinds[0], kinds[-1]) == ("reset", "ready")
    assert "session" in kinds
    assert [one["seq"] for one in await told(bob, "message")] == list(range(11, 61))
    ann.say("SEND", chat.message("live"), destination="/app/chat.send")
    assert (await told(bob, "message", 51))[-1]["content"] == "live"
    again = await listening(chat, **{"resume-after": (await told(bob, "ready"))[0]["sync"]})
    again_kinds = {one["type"] for one in events(again)}
    assert again_kinds == {"session", "receipt", "unread", "message", "ready"}, "no second reset"


async def test_receipts_are_events_too(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe(EVENTS)
    await say(chat, ann, "one", "two")
    await chat.service.seen(BOB, MarkSeenCommand(chat.session_id, BOB.email, FRIENDS, 1))
    (receipt,) = await told(ann, "receipt")
    assert (receipt["sessionId"], receipt["seenTo"], receipt["deliveredTo"]) == (str(chat.session_id), 1, 1)


async def test_a_client_that_reads_slowly_gets_the_rest_from_the_store(chat: Chat) -> None:
    ann = await chat.user(ANN)
    bob = await listening(chat)
    bob.reads = False
    await say(chat, ann, *(f"{number} {'x' * 1_000}" for number in range(100)))
    assert bob.closed is None
    bob.reads = True
    await eventually(lambda: {one["seq"] for one in events(bob) if one["type"] == "message"} == set(range(1, 101)))


async def test_after_a_while_with_events_the_position_moves_on_by_the_store(chat: Chat) -> None:
    ann = await chat.user(ANN)
    bob = await listening(chat)
    await say(chat, ann, "one")
    await told(bob, "message")
    await eventually(lambda: bool(chat.service.counters.outbox_processed))
    (feed,) = [feed for feed in feeds_of(bob) if hasattr(feed, "check")]
    feed.check(feed._quiet_since + READY_SECONDS)
    first, second = await told(bob, "ready", 2)
    assert first["sync"] != second["sync"]
    assert len(await told(bob, "message")) == 1, "what was given is not given again"
    later = await listening(chat, **{"resume-after": second["sync"]})
    assert not [one for one in events(later) if one["type"] == "message"]


def feeds_of(client: Client) -> list[Any]:
    return [feed for _, feed in client._connection._feeds._open.values()]


async def test_an_opened_session_is_one_event_of_each_side(chat: Chat) -> None:
    eve, bob = await chat.user(EVE), await listening(chat)
    await eve.subscribe(EVENTS)
    for _ in range(2):
        await chat.service.init(EVE, EVE.email, BOB.email, FRIENDS)
    (for_eve,), (for_bob,) = await told(eve, "session"), await told(bob, "session")
    assert (for_eve["peer"]["email"], for_bob["peer"]["email"]) == (BOB.email, EVE.email)
    assert for_eve["sessionId"] == for_bob["sessionId"]
    assert for_eve["lastMessage"] is None


async def test_an_event_has_headers_to_sort_by(chat: Chat) -> None:
    ann = await chat.user(ANN)
    bob = await listening(chat)
    await say(chat, ann, "one")
    await told(bob, "message")
    frame = bob.of("MESSAGE")[-1]
    assert frame.headers["event-type"] == "message"
    assert frame.headers["seq"] == "1"
    assert frame.headers["sync"]


async def test_a_read_asks_once_where_the_store_is(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = chat.service.container.sync_changes()
    since = sync.write((await sync.read(BOB, None, 10)).next)
    ann = await chat.user(ANN)
    await say(chat, ann, "one")
    store = chat.service.container.store().sync
    position, asked = store.position, 0

    async def counted() -> Position:
        nonlocal asked
        asked += 1
        return await position()

    monkeypatch.setattr(store, "position", counted)
    page = await sync.read(BOB, since, 10)
    assert (page.more, asked) == (True, 1)
    rest = await sync.read(BOB, sync.write(page.next), 10)
    assert ["one" in event.body for event in rest.events] == [True]


@pytest.mark.parametrize("destination", [EVENTS, "/user/queue/messages"])
@pytest.mark.parametrize("ack", ["auto", "client-individual"])
async def test_a_text_that_waits_for_a_slow_client_is_gone_once_it_is_deleted(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, destination: str, ack: str
) -> None:
    monkeypatch.setattr(write_queue, "QUEUED_UNCHECKED_SECONDS", 0)
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe(destination, ack=ack)
    bob.reads = False
    await say(chat, ann, "in the socket", "a secret", "the last one")
    messages = await chat.service.history(ANN, chat.session_id, limit=3, before=None, after=None)
    chat.service.clock.advance(60)
    delete = DeleteCommand(session_id=chat.session_id, message_id=MessageId(messages[1].message_id), for_everyone=True)
    await chat.service.container.change_message().delete(ANN, delete)
    bob.reads = True
    await eventually(lambda: b"the last one" in b"".join(frame.body for frame in bob.frames))
    written = [msgspec.json.decode(frame.body) for frame in bob.of("MESSAGE") if b'"seq":2' in frame.body]
    assert {one["content"] for one in written} == {"This message was deleted"}
    assert not any(b"a secret" in frame.body for frame in bob.frames)
