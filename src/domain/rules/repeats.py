"""Whether a draft repeats a message: compares it with the original message (contract, sections 6 and 13)."""

from collections.abc import Sequence
from hashlib import blake2b
from hmac import compare_digest

from domain.identifiers import ProfileId, SessionId
from domain.message import Draft, Message

DIGEST_OCTETS = 16


class SentDigests:
    """Makes keyed digests of original messages. Without the key nobody can guess a short text from its digest.

    The first of `keys` makes digests. A comparison tries all keys. A key has at least 1 octet.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        assert keys, "a digest needs a key"
        self._keys = [blake2b(key).digest() for key in keys]

    def of(self, message: Message) -> bytes:
        """The digest of `message`, which must have its original content."""
        sent = _sent(message.session_id, message.sender_id, message.reply_to, message.content)
        return _digest(self._keys[0], sent)

    def is_of(self, digest: bytes, draft: Draft) -> bool:
        """Whether `digest` was made from the session, sender, content and quoted message of `draft`."""
        sent = _sent(draft.session_id, draft.sender.id, draft.reply_to, draft.content)
        return any(compare_digest(_digest(key, sent), digest) for key in self._keys)


UNKEYED = SentDigests([b"chat-service"])
"""Digests with a public key, for stores that nobody else can read, as in a test."""


def repeats_draft(draft: Draft, first: Draft) -> bool:
    """Whether `draft` repeats the draft `first`, which has the same `clientMessageId`."""
    return (draft.sender.id, draft.session_id, draft.content, draft.reply_to) == (
        first.sender.id,
        first.session_id,
        first.content,
        first.reply_to,
    )


def repeats_message(draft: Draft, first: Message, digests: SentDigests) -> bool:
    """Whether `draft` repeats the stored message `first`, which has the same `clientMessageId`.

    Sender and session must match. Otherwise a stranger who guesses the id could read the message. Nothing else is
    compared for an erased message, since nothing else is stored.
    """
    if (draft.sender.id, draft.session_id) != (first.sender_id, first.session_id):
        return False
    if first.changes.sent_digest is not None:
        return digests.is_of(first.changes.sent_digest, draft)
    is_erased = first.changes.deleted_at is not None
    return is_erased or (draft.content, draft.reply_to) == (first.content, first.reply_to)


def _digest(key: bytes, sent: bytes) -> bytes:
    return blake2b(sent, key=key, digest_size=DIGEST_OCTETS).digest()


def _sent(session_id: SessionId, sender_id: ProfileId, reply_to: int | None, content: str) -> bytes:
    quoted = b"" if reply_to is None else str(reply_to).encode()
    return b"\0".join((session_id.bytes + sender_id.bytes, quoted, content.encode()))  # content never has NUL
