"""FlairBit over real HTTP: as it should be, and in every way in which it is not."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest

from adapters.flairbit.client import MAX_ANSWER_BYTES, FlairBitProfileLookup
from domain.errors import BadAnswer, ChatError, DirectoryUnavailable, ProfileNotFound, Unavailable
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile
from tests.support.eventually import eventually
from tests.support.network.http_server import (
    Behaviour,
    HttpServer,
    answers,
    cuts_at_once,
    cuts_in_the_middle,
    http_server,
    never_ends,
    sends,
)
from tests.support.people import FRIENDS

ANN = Profile(ProfileId(UUID(int=7)), Email("ann@example.org"), FRIENDS, "Ann Å.")
ANSWER = {"id": str(ANN.id), "email": ANN.email, "displayName": ANN.display_name}


def json(**changes: object) -> bytes:
    return msgspec.json.encode(ANSWER | changes)


def lookup_at(url: str, timeout: float = 10, try_timeout: float = 10, tries: int = 3) -> FlairBitProfileLookup:
    return FlairBitProfileLookup(
        url, lambda: "a.b.c", timeout=timeout, try_timeout=try_timeout, tries=tries, backoff=0.001
    )


@pytest.fixture
async def lookup(server: HttpServer) -> AsyncIterator[FlairBitProfileLookup]:
    lookup = lookup_at(server.url + "/")
    yield lookup
    await lookup.close()
    await lookup.close()


async def test_a_profile_is_asked_for_as_the_service(server: HttpServer, lookup: FlairBitProfileLookup) -> None:
    server.will(answers(200, json(email="Ann@Example.org", unknown=[1])))
    assert await lookup.find(ANN.email, ANN.intent) == ANN
    assert server.paths == ["/internal/chat-service/users/ann%40example.org/profile/friends"]
    assert server.authorizations == ["Bearer a.b.c"]


async def test_names_cannot_leave_their_place_in_the_path(server: HttpServer, lookup: FlairBitProfileLookup) -> None:
    server.will(answers(200, msgspec.json.encode({"id": str(ANN.id), "displayName": "?"})))
    email, intent = Email("a/../b?c#d%e@é"), Intent("../x?y=%2e&ö")
    assert (await lookup.find(email, intent)).email == email
    assert server.paths == [
        "/internal/chat-service/users/a%2F..%2Fb%3Fc%23d%25e%40%C3%A9/profile/..%2Fx%3Fy%3D%252e%26%C3%B6"
    ]


@pytest.mark.parametrize("intent", [".", ".."])
async def test_an_intent_with_dots_does_not_leave_the_path(
    server: HttpServer, lookup: FlairBitProfileLookup, intent: str
) -> None:
    with pytest.raises(ProfileNotFound):
        await lookup.find(ANN.email, Intent(intent))
    assert server.asked == 0


async def test_a_missing_profile_is_reported_at_the_first_try(
    server: HttpServer, lookup: FlairBitProfileLookup
) -> None:
    with pytest.raises(ProfileNotFound):
        await lookup.find(ANN.email, ANN.intent)
    assert server.asked == 1


@pytest.mark.parametrize(
    "failure",
    [answers(500), answers(503), answers(429), cuts_at_once, cuts_in_the_middle],
    ids=["500", "503", "429", "cut at once", "cut in the middle"],
)
async def test_a_passing_failure_is_tried_again_a_few_times(
    server: HttpServer, lookup: FlairBitProfileLookup, failure: object
) -> None:
    assert callable(failure)
    server.will(failure, failure, answers(200, json()))
    assert await lookup.find(ANN.email, ANN.intent) == ANN
    server.will(failure)
    with pytest.raises(DirectoryUnavailable, match="does not answer") as caught:
        await lookup.find(ANN.email, ANN.intent)
    assert not isinstance(caught.value, BadAnswer)


@pytest.mark.parametrize("status", [400, 402, 403, 405, 406, 409, 410, 414, 422, 431, 451])
async def test_a_refusal_is_an_answer(server: HttpServer, lookup: FlairBitProfileLookup, status: int) -> None:
    server.will(answers(status))
    with pytest.raises(ProfileNotFound):
        await lookup.find(ANN.email, ANN.intent)
    assert server.asked == 1


@pytest.mark.parametrize("status", [201, 204, 302, 401])
async def test_an_unusable_answer_is_not_asked_for_again(
    server: HttpServer, lookup: FlairBitProfileLookup, status: int
) -> None:
    server.will(answers(status, Location="/elsewhere"))
    with pytest.raises(BadAnswer):
        await lookup.find(ANN.email, ANN.intent)
    assert server.asked == 1


@pytest.mark.parametrize(
    ("behaviour", "level", "text"),
    [
        (answers(400), "WARNING", "FlairBit refused a request: HTTP 400"),
        (answers(401), "ERROR", "FlairBit does not accept our token: HTTP 401"),
        (answers(403), "ERROR", "FlairBit refused a request: HTTP 403"),
        (answers(200, b"<html>"), "WARNING", "FlairBit's answer cannot be read"),
        (answers(200, json(email="eve@example.org")), "WARNING", "FlairBit answered with the profile of somebody else"),
    ],
)
async def test_a_malformed_answer_is_logged_once(
    server: HttpServer,
    lookup: FlairBitProfileLookup,
    caplog: pytest.LogCaptureFixture,
    behaviour: Behaviour,
    level: str,
    text: str,
) -> None:
    server.will(behaviour)
    for number in range(20):
        with pytest.raises(ChatError):
            await lookup.find(Email(f"{number}@example.org"), FRIENDS)
    assert [(record.levelname, record.message) for record in caplog.records if text in record.message] == [
        (level, text)
    ]
    assert "@example.org" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b'{"id": ',
        b"\xff\xfe",
        b'{"id": "00000000-0000-0000-0000-000000000007", "displayName": "\xff"}',
        b'{"id": "00000000-0000-0000-0000-000000000007", "displayName": "\\ud800"}',
        b"[" * 10_000,
        json(id="seven"),
        json(id=7),
        json(displayName=None),
        json(displayName=["Ann"]),
        json(displayName="A\0nn"),
        json(displayName="A" * 1_001),
        json(email=7),
        json(email="eve@example.org"),
        json(filler="x" * MAX_ANSWER_BYTES),
    ],
    ids=lambda body: repr(body[:60]),
)
async def test_garbage_is_a_bad_answer(server: HttpServer, lookup: FlairBitProfileLookup, body: bytes) -> None:
    server.will(answers(200, body))
    with pytest.raises(BadAnswer):
        await lookup.find(ANN.email, ANN.intent)
    assert server.asked == 1


@pytest.mark.parametrize(
    "raw",
    [b"GARBAGE\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx"],
    ids=["no HTTP", "no gzip"],
)
async def test_an_answer_that_is_not_http_is_a_bad_answer(
    server: HttpServer, lookup: FlairBitProfileLookup, raw: bytes
) -> None:
    server.will(sends(raw))
    with pytest.raises(BadAnswer):
        await lookup.find(ANN.email, ANN.intent)


async def test_an_answer_without_end_is_given_up(server: HttpServer, lookup: FlairBitProfileLookup) -> None:
    server.will(never_ends)
    with pytest.raises(BadAnswer, match="too long"):
        await lookup.find(ANN.email, ANN.intent)


async def test_a_slow_try_is_given_up_for_the_next(server: HttpServer) -> None:
    lookup = lookup_at(server.url, try_timeout=0.2)
    server.will(server.waits(answers(500)), answers(200, json()))
    assert await lookup.find(ANN.email, ANN.intent) == ANN
    await lookup.close()


async def test_all_tries_together_end_in_time(server: HttpServer) -> None:
    lookup = lookup_at(server.url, timeout=0.1, tries=1_000_000)
    for behaviour in (server.waits(answers(500)), answers(500)):
        server.will(behaviour)
        with pytest.raises(Unavailable, match="in time"):
            await lookup.find(ANN.email, ANN.intent)
    await lookup.close()


async def test_a_caller_that_leaves_is_let_go(server: HttpServer, lookup: FlairBitProfileLookup) -> None:
    server.will(server.waits(answers(200, json())))
    asking = asyncio.create_task(lookup.find(ANN.email, ANN.intent))
    await eventually(lambda: server.asked == 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_server_that_is_away_and_comes_back() -> None:
    async with http_server() as server:
        port = int(server.url.rpartition(":")[2])
    lookup = lookup_at(server.url)
    with pytest.raises(Unavailable):
        await lookup.find(ANN.email, ANN.intent)
    async with http_server(port) as server:
        server.will(answers(200, json()))
        assert await lookup.find(ANN.email, ANN.intent) == ANN
    await lookup.close()


async def test_a_closed_lookup_opens_again_when_asked(server: HttpServer, lookup: FlairBitProfileLookup) -> None:
    server.will(answers(200, json()))
    await lookup.find(ANN.email, ANN.intent)
    await lookup.close()
    assert await lookup.find(ANN.email, ANN.intent) == ANN
