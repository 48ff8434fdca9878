"""The `prod` profile: nothing embedded, everybody proves who they are (contract, sections 3 and 4)."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.jwt.signing import generate_key_pair, issue_service_token, issue_user_token, load_private_key
from domain.identifiers import Email
from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.identity.jwk import jwk, jwk_set
from tests.support.network.http_server import HttpServer, answers, http_server
from tests.support.service.service_process import ServiceProcess

ANN, BOB, EVE = (Email(f"{name}@example.org") for name in ("ann", "bob", "eve"))
HOUR = timedelta(hours=1)


async def knows_everybody(request: web.Request) -> web.Response:
    """FlairBit as it should be: `/internal/chat-service/users/{email}/profile/{intent}`."""
    *_, email, _, intent = request.raw_path.split("/")
    email = unquote(email)
    profile = {
        "id": str(uuid5(NAMESPACE_URL, email + intent)),
        "email": email,
        "displayName": email.split("@")[0].title(),
    }
    return web.json_response(profile)


@dataclass
class World:
    """The service with its neighbours, and the keys of its users' issuer and of a trusted service."""

    service: ServiceProcess
    flairbit: HttpServer
    issuer: RSAPrivateKey
    partner: RSAPrivateKey
    ours: RSAPrivateKey

    def token(self, email: Email, lifetime: timedelta = HOUR, **claims: str) -> str:
        now = datetime.now(UTC)
        if not claims:
            claims = {"issuer": "https://login", "audience": "chat"}
        return issue_user_token(self.issuer, email, lifetime, now, **claims)

    def service_token(self, name: str = "partner", audience: str = "chat-service", seconds: float = 60) -> str:
        return issue_service_token(self.partner, name, audience, timedelta(seconds=seconds), datetime.now(UTC))


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    for name in ("ours", "partner"):
        generate_key_pair(tmp_path / name)
    issuer = generate_private_key(public_exponent=65537, key_size=2048)
    config = tmp_path / "chat.toml"
    (tmp_path / "database-url").write_text(f"{database_url}\n")
    async with http_server() as flairbit, http_server() as login:
        flairbit.will(knows_everybody)
        login.will(answers(200, jwk_set(jwk(issuer, "k1"))))
        config.write_text(
            f'flairbit_base_url = "{flairbit.url}"\nflairbit_retries = 0\njwt_jwks_url = "{login.url}/jwks"\n'
            f'jwt_issuer = "https://login"\njwt_audience = "chat"\nprofile_cache_ttl = "1s"\ncircuit_failures = 2\n'
            f'service_private_key_file = "{tmp_path}/ours/private.pem"\nlog_level = "info"\n'
            f'trusted_services = "partner={tmp_path}/partner/public.pem"\n'
        )
        settings = {
            "CHAT_PROFILE": "prod",
            "CHAT_HOST": "127.0.0.1",
            "CHAT_CONFIG_FILE": str(config),
            "CHAT_DATABASE_URL_FILE": str(tmp_path / "database-url"),
        }
        async with ServiceProcess(tmp_path, settings) as service:
            partner, ours = (load_private_key(tmp_path / name / "private.pem") for name in ("partner", "ours"))
            yield World(service, flairbit, issuer, partner, ours)
            assert await service.stop() == 0
            log = service.log()
            assert "Traceback" not in log
            assert "Bearer" not in log
            assert all(json.loads(line) for line in log.splitlines())


async def test_people_with_tokens_of_the_issuer_chat(world: World) -> None:
    async with (
        Rest(world.service.url, world.token(ANN)) as ann,
        WebClient(world.service.ws_url, world.token(BOB)) as bob,
    ):
        session_id = await ann.init(ANN, BOB)
        await bob.subscribe("/user/queue/messages")
        status, stored = await ann.post("/api/chat/message", chat_message(session_id, ANN, "hello"))
        assert (status, stored["senderDisplayName"]) == (200, "Ann")
        assert await bob.messages("/user/queue/messages") == [stored]
    claims = jwt.decode(
        world.flairbit.authorizations[0].removeprefix("Bearer "),
        world.ours.public_key(),
        ["RS256"],
        audience="flairbit",
        issuer="chat-service",
    )
    assert claims["exp"] - claims["iat"] == 120
    assert len(set(world.flairbit.authorizations)) == 1


async def test_a_token_that_proves_nothing_opens_nothing(world: World) -> None:
    now = datetime.now(UTC)
    claims = {"sub": ANN, "iss": "https://login", "aud": "chat", "exp": now + HOUR}
    public_pem = world.issuer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger = generate_private_key(public_exponent=65537, key_size=2048)
    hs256 = jwt.api_jws.PyJWS()
    tokens = [
        "",
        "nonsense",
        world.token(ANN, timedelta(seconds=-1)),
        world.token(ANN, issuer="https://other", audience="chat"),
        world.token(ANN, issuer="https://login", audience="other"),
        jwt.encode(claims, "", "none"),
        jwt.encode(claims, stranger, "RS256"),
        jwt.encode(claims, "k" * 64, "HS256"),
        world.token(ANN)[:-4] + "AAAA",
        world.service_token("stranger"),
        world.service_token(audience="another-service"),
        world.service_token(seconds=121),
    ]
    # what the library itself would refuse to make
    hs256._algorithms["HS256"].prepare_key = lambda key: key  # type: ignore[method-assign]
    tokens.append(hs256.encode(json.dumps(claims | {"exp": 2_000_000_000}).encode(), public_pem, "HS256"))
    for token in tokens:
        async with Rest(world.service.url, token) as rest:
            for path in ("/api/chat/x/history", "/api/chat/sessions"):
                status, problem = await rest.get(path)
                assert (status, problem["code"]) == (401, "unauthenticated"), token
        async with WebClient(world.service.ws_url, None) as client:
            client.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {token}")
            await client.flush()
            assert (await client.got("ERROR"))[0].headers["message"] == "unauthenticated"
            assert (await client.closed())[0] == 1008


async def test_a_user_acts_only_as_itself_and_a_service_as_any_user(world: World) -> None:
    async with (
        Rest(world.service.url, world.token(ANN)) as ann,
        Rest(world.service.url, world.token(EVE)) as eve,
        Rest(world.service.url, world.service_token()) as partner,
    ):
        session_id = await ann.init(ANN, BOB)
        as_ann = {"fromEmail": ANN, "toEmail": EVE, "intent": INTENT}
        refusals = [
            await eve.post("/api/chat/init", as_ann),
            await eve.post("/api/chat/message", chat_message(session_id, ANN, "in her name")),
            await eve.post("/api/chat/message", chat_message(session_id, EVE, "in theirs")),
            await eve.get(f"/api/chat/{session_id}/history"),
            await eve.get(f"/api/chat/{session_id}/unread", readerEmail=ANN, intent=INTENT),
            await eve.post(f"/api/chat/{session_id}/seen", {"readerEmail": EVE, "intent": INTENT, "upToSeq": 1}),
        ]
        assert [(status, problem["code"]) for status, problem in refusals] == [
            (403, "not-yourself"),
            (403, "not-yourself"),
            (403, "not-a-participant"),
            (403, "not-a-participant"),
            (403, "not-yourself"),
            (403, "not-a-participant"),
        ]
        status, stored = await partner.post("/api/chat/message", chat_message(session_id, BOB, "for him"))
        assert (status, stored["senderEmail"]) == (200, BOB)
        assert (await partner.history(session_id)) == [stored]


async def test_while_flairbit_is_away_old_faces_chat_and_new_ones_wait(world: World) -> None:
    async with Rest(world.service.url, world.token(ANN)) as ann:
        session_id = await ann.init(ANN, BOB)
        world.flairbit.will(answers(500))
        for _ in range(4):
            status, problem = await ann.post("/api/chat/init", {"fromEmail": ANN, "toEmail": EVE, "intent": INTENT})
            assert (status, problem["code"]) == (503, "unavailable")
        asked = world.flairbit.asked
        assert (await ann.post("/api/chat/init", {"fromEmail": ANN, "toEmail": EVE, "intent": INTENT}))[0] == 503
        assert world.flairbit.asked == asked  # the circuit is open
        assert await ann.init(ANN, BOB) == session_id
        assert (await ann.post("/api/chat/message", chat_message(session_id, ANN, "still here")))[0] == 200
