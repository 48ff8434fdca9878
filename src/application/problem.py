"""Problem documents (RFC 9457), the form of every refusal, over HTTP and on `/user/queue/error`."""

from typing import Any
from uuid import UUID

from domain.errors import ChatError

STATUS = {
    "malformed": 400,
    "unauthenticated": 401,
    "token-expired": 401,
    "not-yourself": 403,
    "not-a-participant": 403,
    "forbidden-destination": 403,
    "session-not-found": 404,
    "profile-not-found": 404,
    "idempotency-conflict": 409,
    "too-large": 413,
    "invalid": 422,
    "rate-limited": 429,
    "unavailable": 503,
}


def problem_document(error: ChatError, client_message_id: UUID | str | None = None) -> dict[str, Any]:
    """The members `type`, `title`, `status`, `detail`, `code`; `field` and `clientMessageId` where they are known."""
    document: dict[str, Any] = {
        "type": f"urn:chat-service:problem:{error.code}",
        "title": error.title,
        "status": STATUS.get(error.code, 400),
        "detail": error.detail,
        "code": error.code,
    }
    if error.field is not None:
        document["field"] = error.field
    if client_message_id is not None:
        document["clientMessageId"] = str(client_message_id)
    return document
