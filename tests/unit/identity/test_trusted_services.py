"""A trusted service acts for anybody, so that its name and key may be nobody else's."""

from pathlib import Path

import pytest

from adapters.jwt.signing import generate_key_pair
from entrypoints.container import Container
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import SettingsError


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
    Container(settings=settings).tokens()


def test_a_service_with_its_own_name_and_key_is_trusted(keys: Path) -> None:
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
def test_a_shared_name_or_key_stops_the_start(keys: Path, services: str, more: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^CHAT_TRUSTED_SERVICES: .+$"):
        start(keys, services, **more)


def test_the_key_pair_of_dev_cannot_be_a_services(tmp_path: Path) -> None:
    settings = {"CHAT_PROFILE": "dev", "CHAT_DATA_DIR": str(tmp_path)}
    generate_key_pair(tmp_path / "keys")
    settings |= {"CHAT_TRUSTED_SERVICES": f"partner={tmp_path}/keys/public.pem"}
    with pytest.raises(SettingsError, match="also signs users' tokens"):
        Container(settings=load_settings(settings)).tokens()
