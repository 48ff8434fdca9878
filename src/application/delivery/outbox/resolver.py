"""Makes deliveries of outbox entries that a poll has claimed (contract, section 9)."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from application.delivery.outbox.pending_deliveries import PendingDeliveries
from application.ports.profiles import ProfileDirectory
from application.ports.push import Delivery
from application.wire.chat_message import ChatMessage
from domain.destination import (
    ACK_QUEUE,
    TOPICS_QUEUE,
    parse_session_topic,
    parse_user_destination,
    user_destination,
)
from domain.email_address import canonical_email
from domain.identifiers import ProfileId
from domain.outbox import OutboxEntry
from domain.profile import Profile

_TO_SENDER: Final = (ACK_QUEUE, TOPICS_QUEUE)


class Undeliverable(Exception):
    """No delivery can be made of an entry. The text says why, and contains no message text."""


class Failure(NamedTuple):
    """An entry of which no delivery can be made, and why."""

    entry: OutboxEntry
    reason: str


class Resolved(NamedTuple):
    """What became of claimed entries."""

    pending: Sequence[PendingDeliveries]
    failures: Sequence[Failure]


async def resolve(entries: Sequence[OutboxEntry], directory: ProfileDirectory) -> Resolved:
    """Makes the deliveries of `entries`, in order, to the addresses that the profiles have now.

    Raises `Unavailable` when the directory is away.
    """
    profiles = await _read_profiles(entries, directory)
    pending: list[PendingDeliveries] = []
    failures: list[Failure] = []
    for entry in entries:
        try:
            pending.append(PendingDeliveries([entry.id], deliveries_of_entry(entry, profiles)))
        except Undeliverable as error:
            failures.append(Failure(entry, str(error)))
    return Resolved(pending, failures)


def deliveries_of_entry(entry: OutboxEntry, profiles: Mapping[ProfileId, Profile]) -> Sequence[Delivery]:
    """The delivery of `entry`, or none for a user without a known e-mail. Raises `Undeliverable`."""
    try:
        message = ChatMessage.from_json(entry.payload)
    except msgspec.DecodeError:
        raise Undeliverable("the payload is no ChatMessage") from None
    destination = _live_destination(entry, profiles)
    if destination is None:
        return ()
    return (Delivery(destination, message.to_json(), message.key(), message.sent_at.timestamp()),)


async def _read_profiles(entries: Sequence[OutboxEntry], directory: ProfileDirectory) -> Mapping[ProfileId, Profile]:
    """The known profiles among those that the entries are for."""
    ids = {profile_id for entry in entries if (profile_id := _addressee(entry)) is not None}
    return {profile.id: profile for profile in await directory.get(ids)} if ids else {}


def _addressee(entry: OutboxEntry) -> ProfileId | None:
    """The profile that an entry is for: the receiver of a message, or the sender for what goes to it alone.

    None for a topic and for an entry that cannot be read. An entry for the sender names an e-mail, which may have
    another profile by now; so the profile is taken from the message.
    """
    user = parse_user_destination(entry.destination)
    try:
        if user is None:
            return None
        if user.queue in _TO_SENDER:
            return ProfileId(ChatMessage.from_json(entry.payload).sender_id)
        return ProfileId(UUID(user.name))
    except (msgspec.DecodeError, ValueError):
        return None


def _live_destination(entry: OutboxEntry, profiles: Mapping[ProfileId, Profile]) -> str | None:
    """The destination to which connections subscribe. None for a user without a known e-mail.

    Raises `Undeliverable` when there is no such destination.
    """
    user = parse_user_destination(entry.destination)
    if user is None:
        if parse_session_topic(entry.destination) is None:
            raise Undeliverable("there is no such destination")
        return entry.destination
    profile_id = _addressee(entry)
    if profile_id is None:
        return user_destination(canonical_email(user.name) or user.name, user.queue)
    if profile_id not in profiles:
        raise Undeliverable(f"the {'sender' if user.queue in _TO_SENDER else 'receiver'}'s profile is not known")
    email = profiles[profile_id].email
    return user_destination(email, user.queue) if email else None
