"""Prints dead outbox entries: the ids of their messages, and never a text."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import msgspec

from application.ports.outbox import DeadEntry

HEADING = ("id", "destination", "tries", "died at", "message", "session", "seq", "reason")


class _Ids(msgspec.Struct, rename="camel"):
    """The fields of a `ChatMessage` that may be shown."""

    message_id: str | None = None
    client_message_id: str | None = None
    session_id: str | None = None
    sender_id: str | None = None
    seq: int | None = None


def as_table(dead: Sequence[DeadEntry]) -> str:
    """One line for each entry, with tabs between the columns, below a heading."""
    rows = [HEADING, *(_row(entry) for entry in dead)]
    return "\n".join("\t".join(row) for row in rows)


def as_json(dead: Sequence[DeadEntry]) -> str:
    """A JSON list of the entries."""
    return msgspec.json.format(msgspec.json.encode([_object(entry) for entry in dead])).decode()


def _row(dead: DeadEntry) -> tuple[str, ...]:
    ids = _ids(dead)
    payload = (_shown(ids.message_id), _shown(ids.session_id), _shown(ids.seq))
    return (str(dead.entry.id), dead.entry.destination, str(dead.entry.retry_count), _died(dead), *payload, dead.reason)


def _object(dead: DeadEntry) -> dict[str, Any]:
    return {
        "id": str(dead.entry.id),
        "destination": dead.entry.destination,
        "tries": dead.entry.retry_count,
        "diedAt": _died(dead),
        "reason": dead.reason,
        **msgspec.to_builtins(_ids(dead)),
    }


def _ids(dead: DeadEntry) -> _Ids:
    """The ids in the payload. None of them when the payload is no `ChatMessage`, which may be why the entry is dead."""
    try:
        return msgspec.json.decode(dead.entry.payload, type=_Ids)
    except msgspec.DecodeError:
        return _Ids()


def _died(dead: DeadEntry) -> str:
    return dead.died_at.astimezone(UTC).isoformat(timespec="seconds")


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
