"""The RECEIPT of an ACK: the mark is in the store, or the RECEIPT does not come."""

from collections.abc import Sequence

from adapters.stomp.transport import CloseReason
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat, Client
from tests.unit.stomp.receipts.sending import ann_of, problems_of, receipts, send, stored


async def unacked(chat: Chat, *contents: str) -> tuple[Client, Sequence[str]]:
    """Bob, and the ids of messages that wait for his ACK."""
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", ack="client-individual")
    for content in contents:
        send(ann, chat.message(content))
    return bob, [frame.headers["ack"] for frame in await bob.got("MESSAGE", len(contents))]


def delivered(chat: Chat) -> list[bool]:
    return [message.delivered for message in chat.service.store.messages[chat.session_id]]


async def test_the_receipt_of_an_ack_says_that_its_mark_is_in_the_store(chat: Chat) -> None:
    bob, (first, second) = await unacked(chat, "a", "b")
    chat.service.outage.freeze()
    bob.say("ACK", id=first, receipt="acked")
    bob.say("ACK", id=second)
    await eventually(lambda: not chat.service.acks._queue)
    assert (delivered(chat), receipts(bob)) == ([False, False], [])
    chat.service.outage.thaw()
    await bob.got("RECEIPT", 2)
    assert delivered(chat)[0]
    await eventually(lambda: delivered(chat) == [True, True])


async def test_an_ack_that_cannot_be_stored_ends_the_connection_without_its_receipt(chat: Chat) -> None:
    bob, (first, second) = await unacked(chat, "a", "b")
    chat.service.outage.away = True
    bob.say("ACK", id=first)
    bob.say("ACK", id=second, receipt="acked")
    (error,) = await bob.got("ERROR")
    assert (error.headers["message"], error.headers["receipt-id"]) == ("unavailable", "acked")
    await bob.ended()
    assert (bob.closed, receipts(bob)) == (CloseReason.UNAVAILABLE.value, [])


async def test_disconnect_gets_no_receipt_before_its_acks_are_stored(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    chat.service.outage.away = True
    bob.say("ACK", id=first)
    bob.say("DISCONNECT", receipt="bye")
    await bob.ended()
    assert (bob.closed, receipts(bob)) == (CloseReason.UNAVAILABLE.value, [])


async def test_an_ack_of_nothing_that_waits_is_answered(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    bob.say("ACK", id="undefined", receipt="undefined")
    bob.say("ACK", id=first, receipt="first")
    bob.say("ACK", id=first, receipt="again")
    await eventually(lambda: receipts(bob) == ["undefined", "first", "again"])


async def test_the_acks_of_a_refused_transaction_are_not_done_and_can_be_sent_again(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    await bob.subscribe("/user/queue/error")
    bob.say("BEGIN", transaction="t")
    send(bob, chat.message(" ", senderEmail=BOB.email), transaction="t")
    bob.say("ACK", id=first, transaction="t")
    bob.say("COMMIT", transaction="t", receipt="committed")
    await bob.got("MESSAGE", 2)
    assert delivered(chat) == [False]
    bob.say("BEGIN", transaction="u")
    bob.say("ACK", id=first, transaction="u")
    bob.say("COMMIT", transaction="u", receipt="acked")
    await eventually(lambda: receipts(bob) == ["acked"])
    assert delivered(chat) == [True]


async def test_a_stop_gives_undecided_frames_no_receipt(chat: Chat) -> None:
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("undecided"), receipt="undecided")
    await eventually(lambda: chat.service.intake.pending == 1)
    await chat.connections.drain(5)
    chat.service.outage.thaw()
    await eventually(lambda: stored(chat) == ["undecided"])
    assert (ann.closed, receipts(ann)) == (CloseReason.SHUTDOWN.value, [])


async def test_an_ack_after_unsubscribe_marks_its_message(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    bob.say("UNSUBSCRIBE", id="/user/queue/messages")
    bob.say("ACK", id=first, receipt="acked")
    await eventually(lambda: receipts(bob) == ["acked"])
    assert delivered(chat) == [True]


async def too_late(chat: Chat) -> tuple[Client, str, str]:
    """Bob, the id of a message that is forgotten, and of one that may still be ACKed."""
    bob, ids = await unacked(chat, "a")
    for _ in range(3):  # of those of ended subscriptions three may wait
        bob.say("UNSUBSCRIBE", id="/user/queue/messages")
        await bob.subscribe("/user/queue/messages", ack="client-individual", replay="undelivered")
        ids = [frame.headers["ack"] for frame in await bob.got("MESSAGE", len(ids) + 1)]
    bob.say("UNSUBSCRIBE", id="/user/queue/messages")
    await bob.subscribe("/user/queue/error")
    return bob, ids[0], ids[-1]


async def test_an_ack_of_a_forgotten_message_is_refused(chat: Chat) -> None:
    bob, forgotten, known = await too_late(chat)
    bob.say("ACK", id=forgotten, receipt="forgotten")
    await eventually(lambda: [problem["code"] for problem in problems_of(bob)] == ["ack-too-late"])
    assert delivered(chat) == [False]
    bob.say("ACK", id=known, receipt="known")
    await eventually(lambda: receipts(bob) == ["known"])
    assert delivered(chat) == [True]


async def test_a_transaction_with_an_ack_of_a_forgotten_message_is_refused_whole(chat: Chat) -> None:
    bob, forgotten, known = await too_late(chat)
    bob.say("BEGIN", transaction="t")
    send(bob, chat.message("b", senderEmail=BOB.email), transaction="t")
    for message_id in (forgotten, known):
        bob.say("ACK", id=message_id, transaction="t")
    bob.say("COMMIT", transaction="t", receipt="committed")
    await eventually(lambda: len(problems_of(bob)) == 2)
    assert [problem["code"] for problem in problems_of(bob)] == ["ack-too-late", "transaction-aborted"]
    assert (stored(chat), receipts(bob), delivered(chat)) == (["a"], [], [False])
