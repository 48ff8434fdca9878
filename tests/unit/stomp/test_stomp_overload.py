"""Over STOMP: a send that would wait too long is refused at once, and nothing else waits behind the sends."""

import msgspec

from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat


async def test_a_send_that_would_wait_too_long_is_refused_with_retry_after(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await ann.subscribe("/user/queue/error")
    ann.say("SEND", chat.message("first"), destination="/app/chat.send", receipt="first")
    await ann.got("RECEIPT", 2)
    chat.service.intake._max_wait = 0
    chat.service.outage.freeze()
    sent = [chat.message(str(number)) for number in range(40)]
    for body in sent:
        ann.say("SEND", body, destination="/app/chat.send", receipt="never")
    await eventually(lambda: len(ann.of("MESSAGE")) > 10)
    for refusal in ann.of("MESSAGE"):
        problem = msgspec.json.decode(refusal.body)
        assert problem["code"] == "unavailable"
        assert 1 <= int(refusal.headers["retry-after"]) <= 5
        assert any(problem["clientMessageId"] in body for body in sent)
    await bob.subscribe("/user/queue/messages")
    assert [frame.headers["receipt-id"] for frame in ann.of("RECEIPT")][1:] == ["first"], "nothing more is durable"
    chat.service.outage.thaw()
