"""The container hands on what was set."""

from datetime import timedelta

from domain.outbox import RetryPolicy
from entrypoints.container import Container
from entrypoints.settings.load import load_settings


def test_the_retries_of_the_outbox_are_as_set() -> None:
    settings = load_settings({"CHAT_OUTBOX_MAX_TRIES": "3", "CHAT_OUTBOX_MAX_BACKOFF": "5s"})
    assert Container(settings=settings).retries() == RetryPolicy(3, timedelta(seconds=5))
    assert Container(settings=load_settings({})).retries() == RetryPolicy()
