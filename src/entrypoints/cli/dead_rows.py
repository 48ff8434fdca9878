"""How dead outbox entries are shown: with the ids of their payload, and never with a text."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import msgspec

from application.ports.outbox import DeadEntry

HEADING = ("id", "destination", "tries", "died at", "message", "session", "seq", "reason")


class _Ids(msgspec.Struct, rename="camel"):
    """What is safe to show of a `ChatMessage`."""

    message_id: str | None = None
    client_message_id: str | None = None
    session_id: str | None = None
    sender_id: str | None = None
    seq: int | None = None


def as_table(dead: Sequence[DeadEntry]) -> str:
    """A line each, with tabs between the columns, below a heading."""
    rows = [HEADING, *(_row(one) for one in dead)]
    return "\n".join("\t".join(row) for row in rows)


def as_json(dead: Sequence[DeadEntry]) -> str:
    return msgspec.json.format(msgspec.json.encode([_object(one) for one in dead])).decode()


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
    """None of them when the payload is no `ChatMessage`, which may be why it is dead."""
    try:
        return msgspec.json.decode(dead.entry.payload, type=_Ids)
    except msgspec.DecodeError:
        return _Ids()


def _died(dead: DeadEntry) -> str:
    return dead.died_at.astimezone(UTC).isoformat(timespec="seconds")


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
