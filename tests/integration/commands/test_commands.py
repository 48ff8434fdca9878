"""The command line, as its users call it (contract, section 2)."""

import stat
from pathlib import Path

import jwt
import pytest

from tests.support.service.service_process import ServiceProcess, run_command

DEV = {"CHAT_PROFILE": "dev"}
REFUSED = "CHAT_DATABASE_URL: 127.0.0.1:1 cannot be reached: connection refused"
MEMORY = DEV | {"CHAT_DATABASE_URL": "memory:"}


def test_token_prints_the_token_alone_and_makes_the_key_once(tmp_path: Path) -> None:
    settings = DEV | {"CHAT_DATA_DIR": str(tmp_path)}
    made = [run_command("token", "Ann@Example.org", *more, **settings) for more in ([], ["--ttl", "5m"])]
    assert [(one.returncode, one.stderr, one.stdout.count(".")) for one in made] == [(0, "", 2)] * 2
    assert stat.S_IMODE((tmp_path / "keys" / "private.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("options", "lifetime"),
    [
        ([], 3600),
        (["--ttl", "1s"], 1),
        (["--service", "reports"], 120),
        (["--service", "reports", "--ttl", "2m"], 120),
        (["--service", "reports", "--ttl", "30s"], 30),
    ],
)
def test_a_token_expires_after_its_ttl(tmp_path: Path, options: list[str], lifetime: int) -> None:
    made = run_command("token", "ann@example.org", *options, **DEV, CHAT_DATA_DIR=str(tmp_path))
    claims = jwt.decode(made.stdout.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == lifetime


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "told"),
    [
        (["token", "ann@example.org"], {}, 1, "CHAT_PROFILE"),
        (["token", "ann@example.org"], {"CHAT_PROFILE": "prod"}, 1, "CHAT_PROFILE"),
        (["token", "nobody"], DEV, 2, "e-mail"),
        (["token", "ann@example.org", "--ttl", "soon"], DEV, 2, "duration"),
        (["token", "ann@example.org", "--ttl", "999999999999d"], DEV, 2, "3650d"),
        (["token", "ann@example.org", "--ttl", "0"], DEV, 2, "--ttl"),
        (["token", "ann@example.org", "--ttl", "500ms"], DEV, 2, "--ttl"),
        (["token", "ann@example.org", "--service", ""], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", " "], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", "bob@example.org"], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", "chat-service"], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", "reports", "--ttl", "1h"], DEV, 2, "--ttl"),
        (["token"], DEV, 2, "EMAIL"),
        (["fly"], {}, 2, "one of serve, dev, migrate, token, keys, outbox"),
        (["serve"], {}, 2, "CHAT_DATABASE_URL"),
        (["serve"], {"CHAT_PORT": "http"}, 2, "CHAT_PORT"),
        (["serve", "--server", "apache"], {}, 2, "'granian', 'uvicorn'"),
        (["serve"], {"CHAT_SERVER": "apache"}, 2, "CHAT_SERVER: one of granian, uvicorn is expected"),
        (["serve"], {"CHAT_PROFILE": "staging"}, 2, "CHAT_PROFILE: one of dev, test, prod is expected"),
        (["serve"], {"CHAT_DATABSE_URL": "x"}, 2, "CHAT_DATABASE_URL was probably meant"),
        (["serve"], {"CHAT_OUTBOX_RETENTION": "99999999999d"}, 2, "CHAT_OUTBOX_RETENTION"),
        (["serve"], MEMORY | {"CHAT_FLAIRBIT_BASE_URL": "http://"}, 2, "CHAT_FLAIRBIT_BASE_URL"),
        (["serve"], MEMORY | {"CHAT_BROKER_URL": ","}, 2, "CHAT_BROKER_URL"),
        (["serve"], MEMORY | {"CHAT_HOST": "nowhere.invalid"}, 1, "nowhere.invalid"),
        (["serve"], MEMORY | {"CHAT_HOST": "nowhere..invalid"}, 1, "nowhere..invalid"),
        (["migrate"], MEMORY, 1, "nothing to migrate"),
        (["migrate"], {"CHAT_DATABASE_URL": "memory:"}, 1, "nothing to migrate"),
        (["outbox", "status"], MEMORY, 1, "no outbox"),
        (["outbox", "dead"], {"CHAT_DATABASE_URL": "memory:"}, 1, "no outbox"),
        (["migrate"], {}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat:hidden@127.0.0.1:1/chat"}, 1, REFUSED),
        (["serve"], DEV | {"CHAT_DATABASE_URL": "postgresql://chat:hidden@127.0.0.1:1/chat"}, 1, REFUSED),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@127.0.0.1:first/chat"}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@127.0.0.1:70000/chat"}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@[::1/chat"}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@127.0.0.1:1/chat?sslmode=maybe"}, 1, "sslmode"),
        (["serve"], {"CHAT_BROKER_URL": "amqp://one:5672,amqp://two:amqp"}, 2, "CHAT_BROKER_URL"),
        (["outbox", "status"], {"CHAT_DATABASE_URL": "postgresql://chat:hidden@127.0.0.1:1/chat"}, 1, REFUSED),
        (["outbox", "status"], {}, 2, "CHAT_PROFILE=dev"),
        (["outbox", "drop"], {}, 2, "IDS"),
        (["outbox", "drop", "one", "--yes"], {}, 2, "one"),
        (["outbox", "requeue"], {}, 2, "--all"),
        (["outbox", "requeue", "one"], {}, 2, "one"),
    ],
)
def test_a_mistake_of_the_user_is_one_line_on_stderr(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], code: int, told: str
) -> None:
    failed = run_command(*arguments, **({"CHAT_DATA_DIR": str(tmp_path)} | settings))
    assert (failed.returncode, failed.stdout) == (code, "")
    assert failed.stderr.count("\n") == 1
    assert told in failed.stderr
    assert "hidden" not in failed.stderr


@pytest.mark.parametrize("group", [[], ["outbox"], ["keys"]])
def test_without_a_command_the_commands_are_listed(group: list[str]) -> None:
    shown = run_command(*group)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Commands:\n" in shown.stdout


def test_generated_keys_are_not_overwritten(tmp_path: Path) -> None:
    assert run_command("keys", "generate", str(tmp_path / "pair")).returncode == 0
    key = (tmp_path / "pair" / "private.pem").read_bytes()
    assert run_command("keys", "generate", str(tmp_path / "pair")).returncode == 1
    assert (tmp_path / "pair" / "private.pem").read_bytes() == key


@pytest.mark.parametrize("server", ["granian", "uvicorn"])
async def test_the_host_to_listen_on_may_be_a_name(tmp_path: Path, server: str) -> None:
    async with ServiceProcess(tmp_path, MEMORY | {"CHAT_HOST": "localhost", "CHAT_SERVER": server}) as service:
        assert await service.stop() == 0


async def test_serve_refuses_to_start_on_a_used_port(database_url: str, tmp_path: Path) -> None:
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url}) as service:
        refused = run_command("serve", **service.settings)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert str(service.port) in refused.stderr
        await service.stop()
