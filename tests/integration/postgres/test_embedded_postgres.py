"""The embedded PostgreSQL when things go wrong around it: its starter is killed, its place is taken or not writable."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from entrypoints.development import embedded_postgres, postgres_process, postgres_user
from entrypoints.development.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from entrypoints.development.postgres_failure import PortTaken, failure
from tests.support.eventually import eventually

SRC = Path(__file__).parents[3] / "src"
# Starts a server, says its process id, and lives until its standard input ends.
STARTER = """
import sys
from pathlib import Path
from entrypoints.development import postgres_process
from entrypoints.development.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
if sys.argv[2] == "untied":
    postgres_process.tied = postgres_process.as_owner
server = EmbeddedPostgres(Path(sys.argv[1]), {"fsync": "off"})
try:
    server.start()
except EmbeddedPostgresError as error:
    print("refused:", error, flush=True)
else:
    print(server.pid, server.url, flush=True)
    sys.stdin.read()
    server.stop()
"""
PUBLIC = Path("/var/lib/chat-service")
Starter = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def starter() -> Iterator[Starter]:
    """Runs STARTER in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path, how: str = "tied", before: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*before, sys.executable, "-c", STARTER, str(home), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(SRC), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.communicate(timeout=60)


def told(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def wait_gone(data: Path, pid: int) -> None:
    asyncio.run(eventually(lambda: not postgres_process._is_server(pid, data), within=30))


def query(url: str, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_it_ends_when_its_starter_is_killed(tmp_path: Path, starter: Starter) -> None:
    process = starter(tmp_path)
    pid = int(told(process).split()[0])
    process.kill()
    wait_gone(tmp_path / "data", pid)


@pytest.mark.parametrize("how", ["tied", "untied"])
def test_after_a_killed_starter_it_starts_again_with_its_data(tmp_path: Path, starter: Starter, how: str) -> None:
    process = starter(tmp_path, how)
    pid, url = told(process).split()
    query(url, "CREATE TABLE kept AS SELECT 42 AS value")
    process.kill()
    process.wait()
    if how == "untied":
        assert postgres_process._is_server(int(pid), tmp_path / "data")

    server = EmbeddedPostgres(tmp_path)
    assert query(server.start(), "SELECT value FROM kept") == 42
    assert not postgres_process._is_server(int(pid), tmp_path / "data")
    mine = server.pid
    server.stop()
    assert not postgres_process._is_server(mine, tmp_path / "data")
    assert not (tmp_path / "data" / "postmaster.pid").exists()


def test_a_number_that_is_another_process_by_now_is_left_alone(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    server.start()
    server.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as innocent:
        (tmp_path / "data" / "postmaster.pid").write_text(f"{innocent.pid}\n{tmp_path / 'data'}\n")
        server.start()
        server.stop()
        assert innocent.poll() is None


def test_two_do_not_use_one_folder(tmp_path: Path, starter: Starter) -> None:
    process = starter(tmp_path)
    pid, url = told(process).split()
    with pytest.raises(EmbeddedPostgresError, match=f"in use by process {process.pid}$"):
        EmbeddedPostgres(tmp_path).start()
    assert query(url, "SELECT 1") == 1, f"{pid} goes on"


def test_it_lives_as_long_as_the_process_whichever_thread_started_it(tmp_path: Path) -> None:
    async def start() -> str:
        return await asyncio.to_thread(server.start)

    server = EmbeddedPostgres(tmp_path)
    url = asyncio.run(start())  # whose end is the end of its threads
    assert query(url, "SELECT 1") == 1
    server.stop()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    port = int(server.start().rpartition(":")[2].partition("/")[0])
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(PortTaken, match=f"port {port} "):
            server.start()
    server.start()
    server.stop()


def test_another_postgres_on_the_port_is_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, server = EmbeddedPostgres(tmp_path / "other"), EmbeddedPostgres(tmp_path / "mine")
    taken, free = int(other.start().rpartition(":")[2].partition("/")[0]), embedded_postgres._free_port()
    ports = [taken, free]
    monkeypatch.setattr(embedded_postgres, "_free_port", lambda: ports.pop(0))
    assert f":{free}/" in server.start()
    server.stop()
    monkeypatch.setattr(embedded_postgres, "_free_port", lambda: taken)
    with pytest.raises(PortTaken, match=f"port {taken} "):
        EmbeddedPostgres(tmp_path / "mine").start()
    other.stop()


def test_a_starter_killed_while_it_made_the_database_is_no_harm(tmp_path: Path, starter: Starter) -> None:
    process = starter(tmp_path)
    asyncio.run(eventually(lambda: any(tmp_path.glob("data.new-*/PG_VERSION"))))
    process.kill()
    process.wait()
    assert not (tmp_path / "data").exists()
    server = EmbeddedPostgres(tmp_path)
    assert query(server.start(), "SELECT 1") == 1
    server.stop()


def test_a_file_in_place_of_the_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(EmbeddedPostgresError, match="a file is in the way"):
        EmbeddedPostgres(tmp_path / "home").start()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("initdb: error: could not write: No space left on device\n", "no space is left for PostgreSQL in /home"),
        ("[Errno 28] No space left on device: '/x'", "no space is left for PostgreSQL in /home"),
        ("FATAL:  odd\nLOG:  shut down\n", "PostgreSQL in /home did not start: FATAL:  odd"),
        ("", "PostgreSQL in /home did not start: it did not say why"),
    ],
)
def test_the_message_of_the_system_becomes_one_line(text: str, message: str) -> None:
    assert str(failure(text, Path("/home"))) == message


def test_an_ordinary_user_runs_it(ordinary_user: tuple[tuple[str, ...], Path], starter: Starter) -> None:
    before, home = ordinary_user
    process = starter(home, before=before)
    pid, url = told(process).split()
    assert query(url, "SELECT 1") == 1
    process.communicate(timeout=60)  # its standard input ends
    assert not postgres_process._is_server(int(pid), home / "data")

    process = starter(home, before=before)
    pid = told(process).split()[0]
    process.send_signal(signal.SIGKILL)
    wait_gone(home / "data", int(pid))
    process = starter(home, before=before)
    assert told(process).split()[0].isdigit()
    process.communicate(timeout=60)


@pytest.fixture
def restricted() -> tuple[str, ...]:
    """What to put before a command so that, as root, it may not do everything, as in many containers."""
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()


def test_root_runs_it_in_a_folder_that_only_root_may_enter(
    tmp_path: Path, starter: Starter, restricted: tuple[str, ...]
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    before = set(PUBLIC.glob("*"))
    for _ in range(2):  # the second time there are the data of the first
        process = starter(private / "postgres", before=restricted)
        url = told(process).split()[1]
        query(url, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS value")
        assert query(url, "SELECT value FROM kept") == 42
        process.communicate(timeout=60)
        assert process.returncode == 0
    for made in set(PUBLIC.glob("*")) - before:
        shutil.rmtree(made)


def test_a_machine_without_another_user_gets_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwd = tmp_path / "passwd"
    passwd.write_text("root:x:0:0:root:/root:/bin/sh\n")
    monkeypatch.setattr(postgres_user, "_PASSWD", passwd)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwall", lambda: [pwd.struct_passwd(("root", "x", 0, 0, "", "/root", "/bin/sh"))])
    user = postgres_user.unprivileged_user()
    assert user is not None
    assert user.uid == 65534
    assert passwd.read_text().splitlines()[1].startswith("nobody:x:65534:65534:")
    monkeypatch.setattr(postgres_user, "_PASSWD", tmp_path / "none" / "passwd")
    with pytest.raises(EmbeddedPostgresError, match="no other user"):
        postgres_user.unprivileged_user()


def test_an_unwritable_folder_is_an_error_that_names_it(
    ordinary_user: tuple[tuple[str, ...], Path], starter: Starter
) -> None:
    before, home = ordinary_user
    home.chmod(0o500)
    assert told(starter(home / "below", before=before)) == f"refused: PostgreSQL may not write in {home / 'below'}"
    home.chmod(0o700)
