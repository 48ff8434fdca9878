"""From where the key of deliveries comes."""

from typing import Any

import pytest

from entrypoints.credentials.broker_secrets import broker_secrets
from entrypoints.settings.load import load_settings


def secrets(**settings: Any) -> list[str]:
    return broker_secrets(load_settings({f"CHAT_{name.upper()}": value for name, value in settings.items()}))


def test_keys_that_are_given_are_used_in_their_order() -> None:
    url = "amqp://chat:7Hq2mPz9xK@one"
    assert secrets(broker_url=url, broker_key="new-key, old-key,") == ["new-key", "old-key"]


def test_the_key_is_made_from_the_shared_password() -> None:
    one, two = "amqp://chat:7Hq2mPz9xK@one", "amqp://chat:7Hq2mPz9xK@two:5673/vhost"
    assert secrets(broker_url=f"{one},{two}") == secrets(broker_url=f"{two}, {one}") == ["7Hq2mPz9xK"]
    other = "amqp://chat:Zz%2F40x9Kq@two"
    assert secrets(broker_url=f"{one},{other}") == secrets(broker_url=f"{other},{one}") == ["7Hq2mPz9xK", "Zz/40x9Kq"]


@pytest.mark.parametrize(
    ("settings", "is_told"),
    [
        ({"broker_url": "amqp://guest:guest@one"}, True),
        ({"broker_url": "amqp://one"}, True),
        ({"broker_url": "amqp://chatservice:chatservice@one"}, True),
        ({"broker_url": "amqp://chat:7Hq2mPz9xK@one"}, False),
        ({"broker_url": "amqp://guest:guest@one", "broker_key": "something better"}, False),
        ({"broker_url": "amqp://guest:guest@one", "profile": "dev"}, False),
    ],
    ids=repr,
)
def test_a_weak_broker_password_without_a_key_is_reported_in_prod(
    settings: dict[str, str], is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert secrets(**settings)
    assert ["CHAT_BROKER_KEY" in message for message in caplog.messages] == [True] * is_told
