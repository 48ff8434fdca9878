"""Changes of a message after it was sent: edits, deletions and reactions (contract, section 13)."""

from datetime import datetime
from typing import NamedTuple

from domain.identifiers import ProfileId


class Reaction(NamedTuple):
    """An emoji that the profile `by` has added to a message. A withheld one is shown to nobody else."""

    by: ProfileId
    emoji: str
    withheld: bool = False


class Changes(NamedTuple):
    """The changes of a message. A message that was never changed has `UNCHANGED`.

    `shared` counts the changes that both participants see: edits, the deletion for both, and reactions.
    `hidden_by_sender_at` and `hidden_by_receiver_at` are when that side deleted the message for itself. `sent_digest`
    is the digest of the original message. It is None while the content is the original, and after an erasure.
    """

    shared: int = 0
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    hidden_by_sender_at: datetime | None = None
    hidden_by_receiver_at: datetime | None = None
    reactions: tuple[Reaction, ...] = ()
    sent_digest: bytes | None = None


UNCHANGED = Changes()
