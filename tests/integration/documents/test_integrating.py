"""The examples of docs/integrating.md, as they stand there but for the port, with the service in `prod`."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from adapters.jwt.signing import generate_key_pair
from lab.ports import free_port
from tests.integration.documents.test_documented_examples import blocks, running
from tests.support.clients.client_matrix import node
from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.service_process import ServiceProcess

ANN, BOB, CAROL = "ann@example.org", "bob@example.org", "carol@example.org"
PAGE = "docs/integrating.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a backend keeps its keys, with the two programs that sign."""
    for name in ("keys", "chat-service"):
        generate_key_pair(tmp_path / name)
    for language in ("python", "js"):
        for name, code in blocks(PAGE, language).items():
            (tmp_path / name).write_text(code)
    return tmp_path


async def signed(folder: Path, command: str | Path, script: str, email: str, name: str) -> str:
    """The token that a backend makes."""
    done = await asyncio.to_thread(
        subprocess.run,
        [command, script, email, name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.strip()


@contextlib.asynccontextmanager
async def serving(folder: Path, database_url: str, **settings: str) -> AsyncIterator[ServiceProcess]:
    home = folder / "home"
    home.mkdir()
    service = ServiceProcess(
        home,
        {
            "CHAT_PROFILE": "prod",
            "CHAT_HOST": "127.0.0.1",
            "CHAT_MIGRATE_ON_START": "true",
            "CHAT_DATABASE_URL": database_url,
            "CHAT_JWT_PUBLIC_KEY_FILE": f"{folder}/keys/public.pem",
            "CHAT_JWT_ISSUER": "https://login.example.org",
            "CHAT_JWT_AUDIENCE": "chat",
            **settings,
        },
    )
    yield await service.start()
    assert await service.stop() == 0
    assert "Traceback" not in service.log()


async def test_two_people_of_the_flairbit_of_the_page_chat(folder: Path, database_url: str) -> None:
    port = str(free_port())
    stub = folder / "flairbit.py"
    stub.write_text(stub.read_text().replace("9090", port))
    base = f"http://127.0.0.1:{port}"
    key = f"{folder}/chat-service/private.pem"
    ann = await signed(folder, sys.executable, "sign.py", ANN, "Ann")
    bob = await signed(folder, node.NODE, "sign.mjs", BOB, "Bob")
    async with (
        running(sys.executable, stub, cwd=folder),
        serving(folder, database_url, CHAT_FLAIRBIT_BASE_URL=base, CHAT_SERVICE_PRIVATE_KEY_FILE=key) as service,
        Rest(service.url, ann) as rest,
        WebClient(service.ws_url, bob) as socket,
    ):
        await eventually_some(lambda: _listens(base))
        session_id = await rest.init(ANN, BOB)
        await socket.subscribe("/user/queue/messages")
        await rest.post("/api/chat/message", chat_message(session_id, ANN, "hello"))
        (message,) = await socket.messages("/user/queue/messages")
        assert message["senderDisplayName"] == "Ann"
        status, problem = await rest.post("/api/chat/init", {"fromEmail": ANN, "toEmail": CAROL, "intent": INTENT})
        assert (status, problem["code"]) == (404, "profile-not-found")
        unsigned = f"{base}/internal/chat-service/users/{ANN}/profile/{INTENT}"
        async with aiohttp.ClientSession() as http, http.get(unsigned) as answer:
            assert answer.status == 401


async def _listens(base: str) -> bool:
    async with aiohttp.ClientSession() as http:
        with contextlib.suppress(aiohttp.ClientError):
            async with http.get(base):
                return True
    return False


async def test_without_flairbit_users_can_write_to_users_who_have_connected(folder: Path, database_url: str) -> None:
    ann = await signed(folder, sys.executable, "sign.py", ANN, "Dr. Ann")
    bob = await signed(folder, node.NODE, "sign.mjs", BOB, "Bob Stone")
    async with (
        serving(folder, database_url, CHAT_DIRECTORY="claims") as service,
        Rest(service.url, ann) as rest,
    ):
        wanted = {"fromEmail": ANN, "toEmail": BOB, "intent": INTENT}
        status, problem = await rest.post("/api/chat/init", wanted)
        assert (status, problem["code"]) == (404, "profile-not-found")
        async with WebClient(service.ws_url, bob) as socket:
            session_id = await rest.init(ANN, BOB)
            await socket.subscribe("/user/queue/messages")
            await rest.post("/api/chat/message", chat_message(session_id, ANN, "hello"))
            (message,) = await socket.messages("/user/queue/messages")
            assert message["senderDisplayName"] == "Dr. Ann"
        _, page = await rest.get("/api/chat/sessions", email=ANN)
        assert [one["peer"]["displayName"] for one in page["sessions"]] == ["Bob Stone"]
        status, problem = await rest.post("/api/chat/init", wanted | {"toEmail": CAROL})
        assert (status, problem["code"]) == (404, "profile-not-found")


async def test_an_open_directory_keeps_messages_for_users_who_never_connected(folder: Path, database_url: str) -> None:
    ann = await signed(folder, sys.executable, "sign.py", ANN, "Ann")
    bob = await signed(folder, node.NODE, "sign.mjs", BOB, "Bob Stone")
    async with (
        serving(folder, database_url, CHAT_DIRECTORY="claims", CHAT_DIRECTORY_OPEN="true") as service,
        Rest(service.url, ann) as rest,
    ):
        session_id = await rest.init(ANN, BOB)
        await rest.post("/api/chat/message", chat_message(session_id, ANN, "welcome"))
        async with WebClient(service.ws_url, bob) as socket:
            await socket.subscribe("/user/queue/messages", replay="undelivered")
            (message,) = await socket.messages("/user/queue/messages")
            assert message["content"] == "welcome"
