"""Encodes deliveries between instances: MessagePack, many deliveries in one message.

A publish costs as much as several writes to sockets, whatever its size (see docs/rabbitmq.md).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.ports.push import Delivery, MessageKey
from domain.destination import is_instance_destination, parse_session_topic, parse_user_destination
from domain.identifiers import Email, MessageId, SessionId

CONTENT_TYPE = "application/vnd.chat-service.deliveries.v1+msgpack"
"""Contains the version, since old and new instances share the fanout during a rollout.

A field added at the end of a parcel needs no new version, as older decoders ignore it. Any other change does.
"""


class _Key(NamedTuple):
    id: UUID
    session_id: UUID
    seq: int
    sender_email: str


class _Parcel(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One body for consecutive destinations."""

    body: str
    destinations: list[str]
    key: _Key | None = None
    committed_at: float | None = None


class _UnreadParcel(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A parcel of which only the destinations are decoded, since most instances want few of them."""

    body: msgspec.Raw
    destinations: list[str]
    key: msgspec.Raw = msgspec.Raw(b"\xc0")
    committed_at: float | None = None


_ENCODER = msgspec.msgpack.Encoder(uuid_format="canonical")
_DECODER = msgspec.msgpack.Decoder(list[_UnreadParcel])
_BODY_DECODER = msgspec.msgpack.Decoder(str)
_KEY_DECODER = msgspec.msgpack.Decoder(_Key | None)


class UnreadablePiece(Exception):
    """This version cannot decode the piece: it comes from a later version, or not from an instance."""


class Piece(NamedTuple):
    """Some encoded deliveries, and their destinations."""

    body: bytes
    destinations: Sequence[str]


def pack(deliveries: Sequence[Delivery], max_bytes: int) -> Iterator[Piece]:
    """Encodes the deliveries in order, in pieces with a body of at most `max_bytes`.

    A single delivery is never split, so that a piece with one delivery may be larger.
    """
    piece: list[msgspec.Raw] = []
    destinations: list[str] = []
    size = 0
    for parcel in _parcels(deliveries):
        raw = _ENCODER.encode(parcel)
        if piece and size + len(raw) > max_bytes:
            yield Piece(_ENCODER.encode(piece), destinations)
            piece, destinations, size = [], [], 0
        piece.append(msgspec.Raw(raw))
        destinations.extend(parcel.destinations)
        size += len(raw)
    if piece:
        yield Piece(_ENCODER.encode(piece), destinations)


def unpack(content_type: str | None, piece: bytes, wanted: Callable[[str], bool]) -> list[Delivery]:
    """Decodes the deliveries of one piece whose destination is `wanted`, in order. Raises `UnreadablePiece`.

    Leaves out deliveries with NUL in the body, which would end a STOMP frame, and those without a valid destination.
    A body or key that no wanted destination needs is not decoded, so that its faults stay unnoticed.
    """
    if content_type != CONTENT_TYPE:
        raise UnreadablePiece(content_type)
    try:
        return [
            delivery
            for parcel in _DECODER.decode(piece)
            if (destinations := [name for name in parcel.destinations if wanted(name)])
            for delivery in _read(parcel, destinations)
        ]
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnreadablePiece(content_type) from error


def _read(parcel: _UnreadParcel, destinations: Sequence[str]) -> list[Delivery]:
    body = _BODY_DECODER.decode(parcel.body)
    if "\0" in body:
        return []
    key = _message_key(_KEY_DECODER.decode(parcel.key))
    return [Delivery(name, body, key, parcel.committed_at) for name in destinations if _is_destination(name)]


@lru_cache(maxsize=100_000)
def _is_destination(text: str) -> bool:
    is_for_clients = parse_user_destination(text) is not None or parse_session_topic(text) is not None
    return (is_for_clients or is_instance_destination(text)) and text.isprintable()


def _parcels(deliveries: Sequence[Delivery]) -> Iterator[_Parcel]:
    for (body, key, committed_at), group in groupby(
        deliveries, lambda delivery: (delivery.body, delivery.message, delivery.committed_at)
    ):
        yield _Parcel(body, [delivery.destination for delivery in group], _wire_key(key), committed_at)


def _wire_key(key: MessageKey | None) -> _Key | None:
    return None if key is None else _Key(key.id, key.session_id, key.seq, key.sender_email)


def _message_key(key: _Key | None) -> MessageKey | None:
    return (
        None
        if key is None
        else MessageKey(MessageId(key.id), SessionId(key.session_id), key.seq, Email(key.sender_email))
    )
