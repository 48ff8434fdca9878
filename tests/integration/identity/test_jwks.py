"""Keys from a JWKS endpoint over real HTTP: rotated, hammered at, slow, broken and away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key

from adapters.jwt.jwks import MAX_DOCUMENT_BYTES, JwksKeys
from adapters.jwt.signing import issue_user_token
from adapters.jwt.verifier import JwtTokenVerifier
from adapters.memory.clock import ManualClock
from domain.errors import Unauthenticated, Unavailable
from domain.identifiers import Email
from tests.support.eventually import eventually
from tests.support.identity.jwk import jwk, jwk_set
from tests.support.network.http_server import (
    Behaviour,
    HttpServer,
    answers,
    cuts_at_once,
    cuts_in_the_middle,
    http_server,
    never_ends,
)
from tests.support.people import NOW

OLD, NEW = (generate_private_key(65537, 2048) for _ in range(2))
OLD_SET = answers(200, jwk_set(jwk(OLD, "old")))
BOTH = answers(200, jwk_set(jwk(OLD, "old"), jwk(NEW, "new")))
NEW_SET = answers(200, jwk_set(jwk(NEW, "new")))
FAILURES = {
    "500": answers(500),
    "404": answers(404),
    "redirect": answers(302, Location="/elsewhere"),
    "garbage": answers(200, b"<html>"),
    "wrong types": answers(200, b'{"keys": [7]}'),
    "too long": answers(200, b" " * (MAX_DOCUMENT_BYTES + 1)),
    "without end": never_ends,
    "cut at once": cuts_at_once,
    "cut in the middle": cuts_in_the_middle,
}


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        server.will(OLD_SET)
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def keys(server: HttpServer, clock: ManualClock) -> AsyncIterator[JwksKeys]:
    keys = JwksKeys(f"{server.url}/jwks.json", clock, ttl=300, timeout=10)
    yield keys
    await keys.close()
    await keys.close()


async def has(keys: JwksKeys, kid: str | None) -> bool:
    return bool(await keys.candidates(kid))


async def test_keys_are_fetched_once_in_five_minutes(server: HttpServer, keys: JwksKeys, clock: ManualClock) -> None:
    assert list(await keys.candidates("old")) == [OLD.public_key()]
    clock.advance(299)
    assert await has(keys, "old")
    assert server.paths == ["/jwks.json"]
    server.will(NEW_SET)
    clock.advance(1)
    assert await has(keys, "old"), "who has its key does not wait"
    assert await has(keys, "new")
    assert server.asked == 2
    assert not await has(keys, "old")
    assert await has(keys, None)


async def test_a_token_is_verified_through_a_rotation(server: HttpServer, keys: JwksKeys, clock: ManualClock) -> None:
    verifier = JwtTokenVerifier(keys, clock, service_name="chat-service")
    email = Email("ann@example.org")
    claims = {"sub": email, "exp": NOW + timedelta(minutes=1)}
    await verifier.verify(jwt.encode(claims, OLD, "RS256", {"kid": "old"}))
    server.will(BOTH)
    for signer, kid in ((NEW, "new"), (OLD, "old")):
        assert (await verifier.verify(jwt.encode(claims, signer, "RS256", {"kid": kid}))).name == email
    assert (await verifier.verify(issue_user_token(NEW, email, timedelta(minutes=1), NOW))).name == email
    with pytest.raises(Unauthenticated):
        await verifier.verify(jwt.encode(claims, OLD, "RS256", {"kid": "new"}))
    assert server.asked == 2


async def test_unknown_kids_cannot_hammer_at_the_endpoint(
    server: HttpServer, keys: JwksKeys, clock: ManualClock
) -> None:
    assert await has(keys, "old")
    for number in range(100):
        assert not await has(keys, f"made up {number}")
    assert server.asked == 1 + 5
    for number in range(100):
        clock.advance(0.5)
        for letter in "abc":
            assert not await has(keys, f"made up {letter} {number}")
    assert server.asked == 1 + 5 + 50
    server.will(BOTH)
    clock.advance(1)
    assert await has(keys, "new")


async def test_a_kid_that_does_not_exist_is_searched_for_once_in_a_while_and_keeps_no_other_from_it(
    server: HttpServer, keys: JwksKeys, clock: ManualClock
) -> None:
    assert await has(keys, "old")
    for _ in range(100):
        assert not await has(keys, "gone")
    assert server.asked == 2
    server.will(BOTH)
    assert await has(keys, "new"), "at once"
    clock.advance(9)
    assert not await has(keys, "gone")
    assert server.asked == 3
    clock.advance(1)
    assert not await has(keys, "gone")
    assert server.asked == 4


async def test_a_clock_set_back_does_not_block_searches(server: HttpServer, keys: JwksKeys, clock: ManualClock) -> None:
    for number in range(10):
        assert not await has(keys, f"made up {number}")
    clock.advance(-3600)
    assert not await has(keys, "new")
    server.will(BOTH)
    assert await has(keys, "new")


async def test_a_kid_that_was_unknown_to_the_first_fetch_is_searched_for_by_the_next(
    server: HttpServer, keys: JwksKeys
) -> None:
    assert not await has(keys, "new")
    server.will(BOTH)
    assert await has(keys, "new")


async def test_all_tokens_with_a_new_kid_share_one_search(server: HttpServer, keys: JwksKeys) -> None:
    assert await has(keys, "old")
    server.will(server.waits(BOTH))
    asking = [asyncio.create_task(keys.candidates("new")) for _ in range(20)]
    await eventually(lambda: server.asked == 2)
    assert await has(keys, "old"), "who has its key does not wait"
    asking[0].cancel()
    server.gate.set()
    found = await asyncio.gather(*asking[1:])
    assert all(list(one) == [NEW.public_key()] for one in found)
    assert server.asked == 2


async def test_twenty_concurrent_first_tokens_fetch_once(server: HttpServer, keys: JwksKeys) -> None:
    found = await asyncio.gather(*(keys.candidates(None) for _ in range(20)))
    assert all(list(one) == [OLD.public_key()] for one in found)
    assert server.asked == 1


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_no_keys_ever_is_unavailable_and_no_hammering(
    server: HttpServer, keys: JwksKeys, clock: ManualClock, failure: Behaviour
) -> None:
    server.will(failure)
    for kid in (None, "old", "new"):
        with pytest.raises(Unavailable) as caught:
            await keys.candidates(kid)
        assert caught.value.retry_after == 1
    # the library asks once more by itself when a kept connection turns out to be closed
    assert server.asked <= 2
    server.will(OLD_SET)
    clock.advance(1)
    assert await has(keys, "old")


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_old_keys_stand_while_the_endpoint_is_away(
    server: HttpServer, keys: JwksKeys, clock: ManualClock, failure: Behaviour
) -> None:
    assert await has(keys, "old")
    server.will(failure)
    clock.advance(100_000)
    for _ in range(10):
        assert await has(keys, "old")
        assert not await has(keys, "new")
    asked = server.asked
    assert asked <= 3
    server.will(NEW_SET)
    clock.advance(0.9)
    assert await has(keys, "old")
    assert not await has(keys, "new")
    assert server.asked == asked
    clock.advance(0.1)
    assert await has(keys, "new")
    assert not await has(keys, "old")


async def test_a_search_that_failed_was_none(server: HttpServer, keys: JwksKeys, clock: ManualClock) -> None:
    assert await has(keys, "old")
    server.will(answers(500))
    assert not await has(keys, "new")
    server.will(BOTH)
    clock.advance(1)
    assert await has(keys, "new")


async def test_a_hanging_endpoint_does_not_delay_tokens_with_a_known_key(
    server: HttpServer, keys: JwksKeys, clock: ManualClock
) -> None:
    assert await has(keys, "old")
    server.will(server.waits(NEW_SET))
    clock.advance(300)
    async with asyncio.timeout(5):
        await asyncio.gather(*(keys.candidates(kid) for kid in ("old", None) * 10))
        await eventually(lambda: server.asked == 2)
        assert await has(keys, "old")
    server.gate.set()
    assert await has(keys, "new")
    assert server.asked == 2


@pytest.mark.parametrize("begun", [True, False])
async def test_a_fetch_that_nobody_waits_for_ends_with_the_rest(
    server: HttpServer, keys: JwksKeys, clock: ManualClock, begun: bool
) -> None:
    assert await has(keys, "old")
    server.will(server.waits(OLD_SET))
    clock.advance(300)
    assert await has(keys, "old")
    if begun:
        await eventually(lambda: server.asked == 2)
    await keys.close()
    assert "jwks" not in {task.get_name() for task in asyncio.all_tasks()}
    server.gate.set()
    assert await has(keys, "old")


async def test_a_slow_endpoint_has_a_time_limit(server: HttpServer, clock: ManualClock) -> None:
    server.will(server.waits(OLD_SET))
    keys = JwksKeys(server.url, clock, ttl=300, timeout=0.05)
    with pytest.raises(Unavailable):
        await keys.candidates("old")
    await keys.close()


async def test_an_endpoint_that_comes_up_later(clock: ManualClock) -> None:
    async with http_server() as server:
        port = int(server.url.rpartition(":")[2])
    keys = JwksKeys(server.url, clock, ttl=300)
    with pytest.raises(Unavailable):
        await keys.candidates("old")
    async with http_server(port) as server:
        server.will(OLD_SET)
        clock.advance(1)
        found: Sequence[RSAPublicKey] = await keys.candidates("old")
    assert list(found) == [OLD.public_key()]
    await keys.close()


async def test_an_issuer_that_takes_all_its_keys_back_is_believed(
    server: HttpServer, keys: JwksKeys, clock: ManualClock
) -> None:
    assert await has(keys, "old")
    server.will(answers(200, jwk_set()))
    clock.advance(300)
    assert not await has(keys, "new")
    assert not await has(keys, "old")
    assert not await has(keys, None)
