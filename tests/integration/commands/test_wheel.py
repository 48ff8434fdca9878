"""The wheel alone, in an environment outside any checkout: it migrates, serves, shows the page, and people chat."""

import asyncio
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from entrypoints.checkout import PROJECT
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess, environment

ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(PROJECT)])
    (made,) = folder.glob("chat_service-*.whl")
    return made


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`chat-service` of an environment with the wheel, which borrows the libraries of ours."""
    home = tmp_path_factory.mktemp("environment")
    _run([sys.executable, "-m", "venv", "--without-pip", str(home)])
    _run([sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install", "--no-deps", str(wheel)])
    (packages,) = home.glob("lib/python*/site-packages")
    # a line of a .pth file adds the folder, and not what its own .pth files say: the checkout stays out
    (packages / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"])
    return home / "bin" / "chat-service"


def _run(command: Sequence[str], *, cwd: Path | None = None, **settings: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment(settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_has_the_page_with_its_packages_and_their_licences(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    vendor = "entrypoints/web_client/_web/node_modules"
    assert {f"{vendor}/@stomp/stompjs/LICENSE", f"{vendor}/sockjs-client/LICENSE"} <= names
    assert {f"{vendor}/@stomp/stompjs/esm6/index.js", f"{vendor}/sockjs-client/dist/sockjs.min.js"} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "domain",
        "application",
        "adapters",
        "entrypoints",
    }
    assert not [name for name in names if "axe-core" in name or "tests" in name]


def test_its_code_is_its_own(command: Path, tmp_path: Path) -> None:
    python = command.parent / "python"
    where = _run([str(python), "-c", "import entrypoints; print(entrypoints.__file__)"], cwd=tmp_path).strip()
    assert Path(where).is_relative_to(command.parents[1])


async def test_it_migrates_serves_and_people_chat(command: Path, databases: Databases, tmp_path: Path) -> None:
    url = await databases.empty()
    database = {"CHAT_DATABASE_URL": url}
    sql = await asyncio.to_thread(_run, [str(command), "migrate", "--sql"], cwd=tmp_path)
    assert "CREATE TABLE chat_messages" in sql
    assert await asyncio.to_thread(_run, [str(command), "migrate"], cwd=tmp_path, **database) != ""
    async with ServiceProcess(tmp_path, database, executable=command) as service:
        async with aiohttp.ClientSession(service.url) as http:
            for path, part in (
                ("/", 'src="web/js/main.js"'),
                ("/docs/", "<title>"),
                ("/web/js/main.js", "import"),
                ("/web/vendor/stompjs/index.js", "export"),
                ("/web/vendor/sockjs/sockjs.min.js", "SockJS"),
            ):
                async with http.get(path) as answer:
                    assert answer.status == 200, path
                    assert part in await answer.text(), path
        ann_token, bob_token = service.token(ANN), service.token(BOB)
        async with (
            Rest(service.url, ann_token) as rest,
            WebClient(service.ws_url, ann_token) as ann,
            WebClient(service.ws_url, bob_token) as bob,
        ):
            session_id = await rest.init(ANN, BOB)
            await bob.subscribe("/user/queue/messages")
            await ann.send(chat_message(session_id, ANN, "hello"))
            (message,) = await bob.messages("/user/queue/messages")
            assert message["content"] == "hello"
        assert await service.stop() == 0
    await databases.drop(url)


def test_its_state_is_in_the_working_folder(command: Path, tmp_path: Path) -> None:
    made = _run([str(command), "token", ANN], cwd=tmp_path, CHAT_PROFILE="dev")
    assert made.count(".") == 2
    assert (tmp_path / ".data" / "keys" / "private.pem").is_file()
