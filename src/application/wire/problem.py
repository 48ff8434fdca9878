"""Problem documents (RFC 9457): the JSON of every error, over HTTP and on `/user/queue/error`."""

from functools import lru_cache
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from domain.errors import ChatError, ResumeTooHigh

STATUS = {
    "malformed": 400,
    "unauthenticated": 401,
    "token-expired": 401,
    "not-yourself": 403,
    "not-a-participant": 403,
    "forbidden-destination": 403,
    "not-allowed": 403,
    "session-closed": 403,
    "you-blocked": 403,
    "session-not-found": 404,
    "profile-not-found": 404,
    "feature-off": 404,
    "message-not-found": 404,
    "idempotency-conflict": 409,
    "transaction-aborted": 409,
    "edit-window-over": 409,
    "delete-window-over": 409,
    "version-conflict": 409,
    "sync-reset": 409,
    "ack-too-late": 409,
    "message-gone": 410,
    "too-slow": 408,
    "too-large": 413,
    "resume-too-high": 416,
    "invalid": 422,
    "rate-limited": 429,
    "unavailable": 503,
    "held-too-long": 503,
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """`code` is stable, for programs; `title` and `detail` are for people."""

    type: Annotated[str, msgspec.Meta(examples=["urn:chat-service:problem:invalid"])]
    title: Annotated[str, msgspec.Meta(examples=["A value is not allowed"])]
    status: Annotated[int, msgspec.Meta(description="the status over HTTP, or what it would be", examples=[422])]
    detail: Annotated[str, msgspec.Meta(examples=["content must have 1 to 4000 characters"])]
    code: Annotated[str, msgspec.Meta(description=f"among others: {', '.join(STATUS)}", examples=["invalid"])]
    field: Annotated[str, msgspec.Meta(description="the value at fault", examples=["content"])] | None = None
    client_message_id: Annotated[str, msgspec.Meta(description="of the message that was refused")] | None = None
    command: Annotated[str, msgspec.Meta(description="the command that was refused", examples=["edit"])] | None = None
    client_operation_id: Annotated[str, msgspec.Meta(description="of the command that was refused")] | None = None
    session_id: Annotated[str, msgspec.Meta(description="of the session that was to be resumed")] | None = None
    last_seq: Annotated[int, msgspec.Meta(description="its last `seq`, after which it goes on")] | None = None


class RefusedCommand(NamedTuple):
    """A command that was refused, with the id that its sender gave it."""

    command: str
    client_operation_id: str | None = None


def problem_document(
    error: ChatError, client_message_id: UUID | str | None = None, refused: RefusedCommand | None = None
) -> dict[str, Any]:
    """The problem document of `error`: `type`, `title`, `status`, `detail`, `code`, and what else is known.

    `client_message_id` is the id of the refused message, `refused` the refused command.
    """
    problem = _problem(error.code, error.title, error.detail, error.field)
    if client_message_id is not None:
        problem = msgspec.structs.replace(problem, client_message_id=str(client_message_id))
    if refused is not None:
        problem = msgspec.structs.replace(problem, **refused._asdict())
    if isinstance(error, ResumeTooHigh):
        problem = msgspec.structs.replace(problem, session_id=str(error.session_id), last_seq=error.last_seq)
    document: dict[str, Any] = msgspec.to_builtins(problem)
    return document


def _problem(code: str, title: str, detail: str, field: str | None) -> Problem:
    return Problem(problem_type(code), title, STATUS.get(code, 400), detail, code, field)


def problem_text(error: ChatError, client_message_id: str | None = None, refused: RefusedCommand | None = None) -> str:
    """The problem document as JSON text. Equal errors share a cached text, to which only the id is added."""
    if refused is not None or isinstance(error, ResumeTooHigh):
        return msgspec.json.encode(problem_document(error, client_message_id, refused)).decode()
    text = _text(error.code, error.title, error.detail, error.field)
    if client_message_id is None:
        return text
    return f'{text[:-1]},"clientMessageId":{msgspec.json.encode(client_message_id).decode()}}}'


@lru_cache(maxsize=1_000)
def _text(code: str, title: str, detail: str, field: str | None) -> str:
    return msgspec.json.encode(_problem(code, title, detail, field)).decode()


def problem_type(code: str) -> str:
    """The URN of an error code, for the member `type`."""
    return f"urn:chat-service:problem:{code}"
