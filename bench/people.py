"""The users of a run: pairs of a sender and a receiver, and others who are only connected."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from adapters.jwt.signing import generate_key_pair, issue_user_token, load_private_key
from bench.load_commands import Pair
from domain.identifiers import Email

INTENT = "bench"
TOKEN_LIFE = timedelta(hours=6)
TOPIC_EVERY = 10
"""One of so many pairs watches the topic of its session too."""


class People:
    """`keys` is a folder for the key pair that signs their tokens."""

    def __init__(self, keys: Path, pairs: int) -> None:
        generate_key_pair(keys)
        self._key = load_private_key(keys / "private.pem")
        self.count = pairs
        self.token = cache(self._token)

    def pairs(self) -> list[Pair]:
        """Without their sessions yet."""
        return [
            Pair(
                sender_email(number),
                self.token(sender_email(number)),
                self.token(receiver_email(number)),
                session_id="",
                on_topic=number % TOPIC_EVERY == 0,
            )
            for number in range(self.count)
        ]

    def tokens(self, name: str, count: int) -> list[str]:
        """Of `count` more users, whose e-mails begin with `name`."""
        return [self.token(f"{name}{number}@example.org") for number in range(count)]

    def _token(self, email: str) -> str:
        return issue_user_token(self._key, Email(email), TOKEN_LIFE, datetime.now(UTC))


def sender_email(number: int) -> str:
    return f"sender{number}@example.org"


def receiver_email(number: int) -> str:
    return f"receiver{number}@example.org"
