"""Who makes tokens for whoever asks."""

import pytest

from entrypoints.development.tokens import makes_tokens
from entrypoints.settings.load import load_settings


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        ({"CHAT_PROFILE": "dev"}, True),
        ({"CHAT_PROFILE": "test"}, True),
        ({"CHAT_PROFILE": "prod"}, False),
        ({}, False),
        ({"CHAT_PROFILE": "dev", "CHAT_JWT_PUBLIC_KEY_FILE": "users.pem"}, False),
        ({"CHAT_PROFILE": "dev", "CHAT_JWT_JWKS_URL": "https://issuer/keys"}, False),
    ],
)
def test_no_tokens_are_made_where_they_come_from_an_issuer(settings: dict[str, str], made: bool) -> None:
    assert makes_tokens(load_settings(settings)) is made
