"""The users of a run: pairs of a sender and a receiver, and others with idle connections."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from adapters.jwt.signing import generate_key_pair, issue_user_token, load_private_key
from bench.generators.commands import Pair
from domain.identifiers import Email

INTENT = "bench"
TOKEN_LIFE = timedelta(hours=6)
TOPIC_EVERY = 10
"""Every tenth pair also subscribes to the topic of its session."""


class Users:
    """`pairs` pairs of users. Writes the key pair that signs their tokens into the folder `keys`."""

    def __init__(self, keys: Path, pairs: int) -> None:
        generate_key_pair(keys)
        self._key = load_private_key(keys / "private.pem")
        self.count = pairs
        self.token = cache(self._token)

    def pairs(self) -> list[Pair]:
        """The pairs, without sessions."""
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
        """The tokens of `count` more users, whose e-mails begin with `name`."""
        return [self.token(f"{name}{number}@example.org") for number in range(count)]

    def _token(self, email: str) -> str:
        return issue_user_token(self._key, Email(email), TOKEN_LIFE, datetime.now(UTC))


def sender_email(number: int) -> str:
    """The e-mail of the sender of a pair."""
    return f"sender{number}@example.org"


def receiver_email(number: int) -> str:
    """The e-mail of the receiver of a pair."""
    return f"receiver{number}@example.org"
