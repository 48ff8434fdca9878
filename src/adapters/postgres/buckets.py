"""Buckets: the parts into which sessions are divided, so that a store may be many databases."""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

Id = TypeVar("Id", bound=UUID)

BUCKETS = 4_096
"""The number of buckets. It never changes, since rows hold the numbers."""

BUCKET_FUNCTION = """
    CREATE OR REPLACE FUNCTION chat_bucket(id uuid) RETURNS smallint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
    $$ SELECT ('x' || substr(encode(sha256(uuid_send(id)), 'hex'), 1, 3))::bit(12)::int::smallint $$
"""
"""Makes `chat_bucket` in PostgreSQL, which computes what `bucket_of` does."""


@lru_cache(10_000)  # every message asks for it
def bucket_of(id: UUID) -> int:
    """The bucket of a session, from 0 to 4,095: the first 12 bits of the SHA-256 of its id."""
    return int.from_bytes(sha256(id.bytes).digest()[:2]) >> 4


def with_buckets(ids: Iterable[Id]) -> tuple[list[Id], list[int]]:
    """The ids of sessions, and the bucket of each in the same order: two parameters of a statement."""
    sessions = list(ids)
    return sessions, [bucket_of(session) for session in sessions]
