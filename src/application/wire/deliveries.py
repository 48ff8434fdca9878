"""Deliveries on the wire between instances: MessagePack, many in one message.

A publish costs as much as several sends to sockets, whatever its size (see docs/rabbitmq.md).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.ports.push import Delivery, MessageKey
from domain.destination import parse_session_topic, parse_user_destination
from domain.identifiers import Email, MessageId, SessionId

CONTENT_TYPE = "application/vnd.chat-service.deliveries.v1+msgpack"
"""Says the version: while instances are replaced, old and new ones share the fanout. A field added at the end of a
parcel needs no new one, as older decoders pass over it; any other change does."""


class _Key(NamedTuple):
    id: UUID
    session_id: UUID
    seq: int
    sender_email: str


class _Parcel(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One body for several destinations in a row."""

    body: str
    destinations: list[str]
    key: _Key | None = None
    committed_at: float | None = None


_ENCODER = msgspec.msgpack.Encoder(uuid_format="canonical")
_DECODER = msgspec.msgpack.Decoder(list[_Parcel])


class UnreadablePiece(Exception):
    """It comes from a version that this one does not know, or from somebody else."""


def pack(deliveries: Sequence[Delivery], max_bytes: int) -> Iterator[bytes]:
    """The deliveries in order, in pieces of at most `max_bytes`; one delivery is never split, so it may be larger."""
    piece: list[msgspec.Raw] = []
    size = 0
    for parcel in _parcels(deliveries):
        raw = _ENCODER.encode(parcel)
        if piece and size + len(raw) > max_bytes:
            yield _ENCODER.encode(piece)
            piece, size = [], 0
        piece.append(msgspec.Raw(raw))
        size += len(raw)
    if piece:
        yield _ENCODER.encode(piece)


def unpack(content_type: str | None, piece: bytes) -> list[Delivery]:
    """The deliveries of one piece, in order. Raises `UnreadablePiece` for anything else.

    One that would break the frames of a client, or goes nowhere, is left out.
    """
    if content_type != CONTENT_TYPE:
        raise UnreadablePiece(content_type)
    try:
        parcels = _DECODER.decode(piece)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnreadablePiece(content_type) from error
    return [
        Delivery(destination, parcel.body, key, parcel.committed_at)
        for parcel in parcels
        if "\0" not in parcel.body  # it would end the frame
        for key in (_message_key(parcel.key),)
        for destination in parcel.destinations
        if _is_destination(destination)
    ]


@lru_cache(maxsize=100_000)
def _is_destination(text: str) -> bool:
    known = parse_user_destination(text) is not None or parse_session_topic(text) is not None
    return known and text.isprintable()


def _parcels(deliveries: Sequence[Delivery]) -> Iterator[_Parcel]:
    for (body, key, committed_at), group in groupby(
        deliveries, lambda each: (each.body, each.message, each.committed_at)
    ):
        yield _Parcel(body, [each.destination for each in group], _wire_key(key), committed_at)


def _wire_key(key: MessageKey | None) -> _Key | None:
    return None if key is None else _Key(key.id, key.session_id, key.seq, key.sender_email)


def _message_key(key: _Key | None) -> MessageKey | None:
    return (
        None
        if key is None
        else MessageKey(MessageId(key.id), SessionId(key.session_id), key.seq, Email(key.sender_email))
    )
