"""A client that reads slowly when the instance stops: it gets what is queued, and what it ACKs meanwhile counts."""

import pytest

from adapters.stomp.transport import CloseReason
from domain.errors import Malformed
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat, Client
from tests.unit.stomp.receipts.sending import receipts, send, stored

COUNT = 3


async def slow_reader(chat: Chat) -> Client:
    """Bob, for whom `COUNT` messages of Ann are queued."""
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", ack="client-individual")
    bob.reads = False
    for number in range(COUNT):
        send(ann, chat.message(str(number)), receipt=str(number))
    await ann.got("RECEIPT", COUNT)
    await eventually(lambda: len(bob._connection._queue) == COUNT)
    return bob


def end(client: Client, reason: CloseReason) -> None:
    client._connection.close(reason)


async def delivered(chat: Chat, *expected: bool) -> None:
    """Returns when so much is marked, which stays so."""
    await chat.service.delivered.flush()
    await eventually(lambda: [one.delivered for one in chat.service.store.messages[chat.session_id]] == [*expected])


@pytest.mark.parametrize("reason", [CloseReason.SHUTDOWN, CloseReason.RESUME])
async def test_what_a_slow_reader_acks_while_it_is_closed_counts(chat: Chat, reason: CloseReason) -> None:
    bob = await slow_reader(chat)
    end(bob, reason)
    for marks in ([True, False, False], [True, True, False]):
        bob.read_one()
        bob.say("ACK", id=bob.frames[-1].headers["ack"], receipt="no longer answered")
        await delivered(chat, *marks)
    assert bob.closed != reason.value, "it has not got all"
    bob.read_one()
    await bob.ended()
    assert (bob.closed, receipts(bob)) == (reason.value, [])
    assert [frame.headers["seq"] for frame in bob.of("MESSAGE")] == ["1", "2", "3"]
    back = await chat.user(BOB)
    await back.subscribe("/user/queue/messages", ack="client-individual", replay="undelivered")
    assert [frame.headers["seq"] for frame in await back.got("MESSAGE")] == ["3"]


async def test_all_but_acks_is_dropped_while_a_slow_reader_is_closed(chat: Chat) -> None:
    bob = await slow_reader(chat)
    end(bob, CloseReason.SHUTDOWN)
    send(bob, chat.message("too late", senderEmail=BOB.email), receipt="sent")
    bob.say("UNSUBSCRIBE", id="/user/queue/messages", receipt="unsubscribed")
    bob.say("SUBSCRIBE", id="topic", destination=chat.topic, receipt="subscribed")
    bob.read_one()
    bob.say("ACK", id=bob.frames[-1].headers["ack"])
    await delivered(chat, True, False, False)
    bob.reads = True
    await bob.ended()
    assert (bob.closed, receipts(bob)) == (CloseReason.SHUTDOWN.value, [])
    assert stored(chat) == ["0", "1", "2"]


async def test_a_frame_at_work_does_not_hold_the_acks_behind_it(chat: Chat) -> None:
    bob = await slow_reader(chat)
    bob.read_one()
    chat.service.outage.freeze()
    bob.say("BEGIN", transaction="t")
    send(bob, chat.message("undecided", senderEmail=BOB.email), transaction="t")
    bob.say("COMMIT", transaction="t", receipt="committed")
    await eventually(lambda: chat.service.intake.pending == 1)
    bob.say("ACK", id=bob.frames[-1].headers["ack"])
    end(bob, CloseReason.SHUTDOWN)
    chat.service.outage.thaw()
    await eventually(lambda: stored(chat) == ["0", "1", "2", "undecided"])
    await delivered(chat, True, False, False, False)
    bob.reads = True
    await bob.ended()
    assert (bob.closed, receipts(bob)) == (CloseReason.SHUTDOWN.value, [])


async def test_no_ack_counts_after_an_error(chat: Chat) -> None:
    bob = await slow_reader(chat)
    bob._connection._fail(Malformed("its own fault"))
    bob.read_one()
    bob.say("ACK", id=bob.frames[-1].headers["ack"])
    bob.reads = True
    await bob.ended()
    await delivered(chat, False, False, False)
