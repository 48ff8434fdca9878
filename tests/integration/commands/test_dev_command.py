"""`chat-service dev` and `make run`: what they need, print and leave behind (contract, sections 1 and 2)."""

import asyncio
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from entrypoints.checkout import PROJECT
from lab.ports import free_port
from tests.support.clients.web_client import Rest
from tests.support.eventually import eventually, eventually_some
from tests.support.service.service_process import COMMAND, ServiceProcess, environment, run_command

DEV = {"CHAT_PROFILE": "dev"}


@pytest.mark.parametrize("more", [{}, {"CHAT_JWT_ISSUER": "us & them", "CHAT_JWT_AUDIENCE": "chat"}])
async def test_the_token_command_that_dev_prints_works_in_another_terminal(
    tmp_path: Path, more: dict[str, str]
) -> None:
    settings = {"CHAT_DATABASE_URL": "memory:", "CHAT_DATA_DIR": str(tmp_path / "a folder")} | more
    (tmp_path / "a folder").mkdir()
    async with ServiceProcess(tmp_path, settings, command="dev") as service:
        line = await eventually_some(lambda: _line_with(service, "Get a token:"))
        made = await asyncio.to_thread(
            subprocess.check_output, ["sh", "-c", line.partition(":")[2]], env=environment({}), text=True
        )
        async with Rest(service.url, made.strip()) as rest:
            assert await rest.init("you@example.org", "bob@example.org")
        assert await service.stop() == 0


async def _line_with(service: ServiceProcess, start: str) -> str:
    return next((line for line in service.log().splitlines() if line.startswith(start)), "")


def test_dev_accepts_connections_when_it_prints_its_address(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    settings = {"CHAT_PORT": str(port), "CHAT_DATABASE_URL": database_url, "CHAT_DATA_DIR": str(tmp_path)}
    with subprocess.Popen([COMMAND, "dev"], env=environment(settings), stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            assert any("chat-service is at" in line for line in service.stdout)
            socket.create_connection(("127.0.0.1", port)).close()
        finally:
            service.terminate()
    assert service.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_dev_ends_together_with_make(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {COMMAND} dev\n")
    port = free_port()
    settings = {"CHAT_PORT": str(port), "CHAT_DATABASE_URL": "memory:", "CHAT_DATA_DIR": str(tmp_path)}
    make = subprocess.Popen(["make"], cwd=tmp_path, env=environment(settings), stdout=subprocess.PIPE, text=True)
    with make:
        assert make.stdout is not None
        assert any("Ctrl-C" in line for line in make.stdout)
        make.send_signal(number)
        assert make.stdout.read() == "", "which ends when nobody holds it any more"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(("mode", "told"), [(0o500, "may not be written by"), (0o700, "venv module is missing")])
def test_make_names_what_it_cannot_install_and_removes_a_half_made_venv(
    ordinary_user: tuple[tuple[str, ...], Path], mode: int, told: str
) -> None:
    before, checkout = ordinary_user
    half = checkout / "half"  # as Python without its venv package does it
    half.write_text('#!/bin/sh\n[ "$1" = -c ] || { mkdir -p .venv/bin; touch .venv/bin/python; exit 1; }\n')
    half.chmod(0o755)
    (checkout / "requirements").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements/run.txt"):
        shutil.copy(PROJECT / name, checkout / name)
    checkout.chmod(mode)
    for _ in range(2):
        make = [*before, "make", "run", f"PYTHON={half}"]
        failed = subprocess.run(make, cwd=checkout, env=environment({}), capture_output=True, text=True, check=False)
        assert failed.returncode == 2
        assert told in failed.stderr.splitlines()[0]
        assert not (checkout / ".venv").exists()
    checkout.chmod(0o700)


async def test_dev_needs_no_settings_and_commands_reach_its_database(tmp_path: Path) -> None:
    async with ServiceProcess(tmp_path, {}, command="dev") as service:
        await eventually(lambda: service.log().count("chat-service token") == 1)
        status = run_command("outbox", "status", **service.settings)
        assert (status.returncode, status.stdout.splitlines()[0]) == (0, "pending 0")
        second = run_command("dev", **(service.settings | {"CHAT_PORT": str(free_port())}))
        assert (second.returncode, second.stderr.count("\n")) == (1, 1)
        assert await service.stop() == 0
        assert run_command("outbox", "status", **service.settings).returncode == 0  # starts it for as long as it takes
