"""A trusted service acts for anybody, so that its name and key may be nobody else's."""

from pathlib import Path

import pytest

from adapters.jwt.jwks import JwksKeys
from adapters.jwt.signing import generate_key_pair
from adapters.memory.clock import ManualClock
from entrypoints import wiring
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import SettingsError
from tests.support.people import NOW


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pairs: those of the users' issuer, of us and of a partner; `copy.pem` is the partner's key once more."""
    directory = tmp_path_factory.mktemp("keys")
    for name in ("users", "ours", "partner"):
        generate_key_pair(directory / name)
    copy = (directory / "partner" / "public.pem").read_text()
    (directory / "copy.pem").write_text(f"{copy}\n\n")
    return directory


def start(keys: Path, services: str, **more: str) -> None:
    settings = load_settings(
        {
            "CHAT_JWT_PUBLIC_KEY_FILE": f"{keys}/users/public.pem",
            "CHAT_SERVICE_PRIVATE_KEY_FILE": f"{keys}/ours/private.pem",
            "CHAT_TRUSTED_SERVICES": services.format(keys=keys),
            **more,
        }
    )
    clock = ManualClock(NOW)
    wiring.token_verifier(settings, wiring.user_keys(settings, clock), clock)


def test_a_service_with_a_name_and_a_key_of_its_own_is_trusted(keys: Path) -> None:
    start(keys, "partner={keys}/partner/public.pem", CHAT_JWT_ISSUER="login")


@pytest.mark.parametrize(
    ("services", "more"),
    [
        ("login={keys}/partner/public.pem", {"CHAT_JWT_ISSUER": "login"}),
        ("chat={keys}/partner/public.pem", {"CHAT_SERVICE_NAME": "chat"}),
        ("partner={keys}/users/public.pem", {}),
        ("partner={keys}/ours/public.pem", {}),
        ("one={keys}/partner/public.pem,two={keys}/copy.pem", {}),
        ("one={keys}/partner/public.pem,one={keys}/copy.pem", {}),
    ],
)
def test_a_name_or_a_key_of_somebody_else_stops_the_start(keys: Path, services: str, more: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^CHAT_TRUSTED_SERVICES: .+$"):
        start(keys, services, **more)


def test_the_pair_of_dev_signs_users_tokens(tmp_path: Path) -> None:
    settings = {"CHAT_PROFILE": "dev", "CHAT_DATA_DIR": str(tmp_path)}
    generate_key_pair(tmp_path / "keys")
    settings |= {"CHAT_TRUSTED_SERVICES": f"partner={tmp_path}/keys/public.pem"}
    clock = ManualClock(NOW)
    with pytest.raises(SettingsError, match="also signs users' tokens"):
        wiring.token_verifier(load_settings(settings), JwksKeys("http://localhost", clock), clock)
