"""Addresses of databases, with what libpq knows and the driver does not."""

import pytest

from adapters.postgres.connection.address import address_of
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import SettingsError

HOSTS = "postgresql://u:p%40w@one:5432,[::1]:5433/chat"


@pytest.mark.parametrize(
    ("url", "without", "timeout"),
    [
        (HOSTS, HOSTS, None),
        (f"{HOSTS}?connect_timeout=3", HOSTS, 3.0),
        (f"{HOSTS}?sslmode=require&connect_timeout=3", f"{HOSTS}?sslmode=require", 3.0),
        (f"{HOSTS}?connect_timeout=0&target_session_attrs=primary", f"{HOSTS}?target_session_attrs=primary", None),
        ("postgresql:///chat?host=/tmp", "postgresql:///chat?host=/tmp", None),
    ],
)
def test_the_time_to_connect_is_taken_out(url: str, without: str, timeout: float | None) -> None:
    assert address_of(url) == (without, timeout)


@pytest.mark.parametrize("field", ["CHAT_DATABASE_URL", "CHAT_DATABASE_REPLICA_URL"])
@pytest.mark.parametrize("query", ["target_session_attrs=banana", "connect_timeout=soon", "connect_timeout=-1"])
def test_a_parameter_that_libpq_refuses_is_named(field: str, query: str) -> None:
    with pytest.raises(SettingsError, match=f"{field}: {query.partition('=')[0]} is "):
        load_settings({"CHAT_PROFILE": "test", field: f"{HOSTS}?{query}"})
