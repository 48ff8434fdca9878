"""A token is renewed while frames are in flight, too late, and in the very turn in which it expires."""

import asyncio
import dataclasses
import time
from datetime import timedelta

import pytest

from adapters.memory.tokens import InMemoryTokenVerifier
from adapters.stomp.transport import CloseReason
from domain.principal import Principal, User
from tests.support.eventually import eventually
from tests.support.memory.service import ANN
from tests.support.memory.stomp_chat import Chat, Client
from tests.support.people import NOW
from tests.unit.stomp.receipts.sending import receipts, send, stored

FRESH = "a fresh token"


class HeldVerifier:
    """Answers for the fresh token only when it is released."""

    def __init__(self, verifier: InMemoryTokenVerifier) -> None:
        self._verifier = verifier
        self.asked = False
        self.released = asyncio.Event()

    async def verify(self, token: str) -> Principal:
        if token == FRESH:
            self.asked = True
            await self.released.wait()
        return await self._verifier.verify(token)


@pytest.fixture
def held(chat: Chat) -> HeldVerifier:
    chat.users[FRESH] = ANN
    held = HeldVerifier(InMemoryTokenVerifier(chat.users, chat.service.clock))
    chat.services = dataclasses.replace(chat.services, tokens=held)
    return held


async def ann_for(chat: Chat, seconds: float) -> Client:
    """Ann, with a token that expires."""
    chat.users[ANN.email] = User(ANN.email, NOW + timedelta(seconds=seconds))
    return await chat.user(ANN)


def renew(client: Client) -> None:
    client.say("SEND", destination="/app/auth.renew", Authorization=f"Bearer {FRESH}", receipt="renewed")


def errors(client: Client) -> list[str]:
    return [frame.headers["message"] for frame in client.of("ERROR")]


def nothing_is_left_of(client: Client, chat: Chat) -> bool:
    """Neither a place of its user's, nor a timer that would keep the connection until the new token ends."""
    is_timed = not client._connection._identity._expiry.cancelled()
    return len(chat.connections) == chat.connections._users == 0 and not is_timed


async def test_frames_around_a_renewal_keep_their_order(chat: Chat, held: HeldVerifier) -> None:
    ann = await ann_for(chat, 60)
    chat.service.outage.freeze()
    send(ann, chat.message("before"), receipt="before")
    renew(ann)
    send(ann, chat.message("behind"), receipt="behind")
    await eventually(lambda: held.asked)
    held.released.set()
    await eventually(lambda: chat.service.intake.pending == 2)
    assert receipts(ann) == [], "the first is undecided"
    chat.service.outage.thaw()
    await eventually(lambda: receipts(ann) == ["before", "renewed", "behind"])
    assert stored(chat) == ["before", "behind"]


async def test_an_earlier_frame_is_decided_while_a_renewal_is_verified(chat: Chat, held: HeldVerifier) -> None:
    ann = await ann_for(chat, 60)
    send(ann, chat.message("before"), receipt="before")
    renew(ann)
    send(ann, chat.message("behind"), receipt="behind")
    await eventually(lambda: held.asked and receipts(ann) == ["before"])
    assert stored(chat) == ["before"], "what is behind waits for the new token"
    held.released.set()
    await eventually(lambda: receipts(ann) == ["before", "renewed", "behind"])


async def test_a_renewal_that_is_verified_too_late_revives_nothing(chat: Chat, held: HeldVerifier) -> None:
    ann = await ann_for(chat, 0.1)
    chat.service.outage.freeze()
    send(ann, chat.message("undecided"), receipt="undecided")
    renew(ann)
    send(ann, chat.message("behind"), receipt="behind")
    await ann.ended()
    assert (errors(ann), ann.closed) == (["token-expired"], CloseReason.TOKEN_EXPIRED.value)
    held.released.set()
    chat.service.outage.thaw()
    await eventually(lambda: stored(chat) == ["undecided"])
    await eventually(lambda: not chat.service.intake.pending)
    assert (stored(chat), receipts(ann), errors(ann)) == (["undecided"], [], ["token-expired"])
    assert nothing_is_left_of(ann, chat)


@pytest.mark.parametrize("verified_first", [True, False])
async def test_a_renewal_as_the_token_expires_is_either_accepted_or_refused(
    chat: Chat, held: HeldVerifier, verified_first: bool
) -> None:
    ann = await ann_for(chat, 0.2)
    renew(ann)
    send(ann, chat.message("behind"), receipt="behind")
    await eventually(lambda: held.asked)
    loop, expiry = asyncio.get_running_loop(), ann._connection._identity._expiry

    def into_one_turn() -> None:
        """Holds the loop until the token has expired, so that what is due then is due in one turn."""
        if verified_first:
            held.released.set()  # wakes the renewal in the next turn, in front of the timers
        else:
            loop.call_at(expiry.when() - 0.001, held.released.set)  # wakes it behind the timer of the token
        time.sleep(max(0.0, expiry.when() - loop.time()) + 0.02)

    loop.call_soon(into_one_turn)
    if verified_first:
        await eventually(lambda: receipts(ann) == ["renewed", "behind"])
        assert (errors(ann), ann.closed, stored(chat)) == ([], None, ["behind"])
    else:
        await ann.ended()
        assert (errors(ann), ann.closed) == (["token-expired"], CloseReason.TOKEN_EXPIRED.value)
        assert (receipts(ann), stored(chat)) == ([], [])
        assert nothing_is_left_of(ann, chat)
