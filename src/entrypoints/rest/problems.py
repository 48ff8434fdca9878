"""Answers every refusal over HTTP with a problem document (RFC 9457; contract, section 5)."""

import logging
import re
from typing import Any, cast

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec

from application.wire.problem import Problem, problem_document, problem_type
from domain.errors import ChatError, Invalid, Malformed, TooLarge, Unauthenticated
from entrypoints.asgi.types import Scope
from entrypoints.observability.http_times import REFUSAL

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


_CUT_OFF = "client disconnected prematurely"  # Litestar has no type of its own for this

_MISSING = re.compile(r"Missing required \w+ parameter '(\w+)'")  # Litestar has only this text

_WHAT = {
    400: "The request cannot be read: malformed",
    401: "There is no valid token: unauthenticated",
    403: "The caller may not do this: not-yourself, not-a-participant, not-allowed, session-closed, you-blocked",
    404: "There is no such thing: session-not-found, profile-not-found, message-not-found, feature-off",
    409: "It does not fit what is there: idempotency-conflict, version-conflict, sync-reset, edit-window-over, "
    "delete-window-over",
    410: "The message is deleted: message-gone",
    408: "The body comes too slowly: too-slow",
    413: "The body is too large: too-large",
    422: "A value is not allowed, `field` says which: invalid",
    429: "Too many requests, see Retry-After: rate-limited",
    503: "The database or FlairBit is away, see Retry-After: unavailable",
}


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The refusals of a call for the OpenAPI document: `statuses`, and those of every call."""
    return {
        status: ResponseSpec(Problem, description=_WHAT[status], media_type=MEDIA_TYPE, generate_examples=False)
        for status in sorted({400, 401, 422, 503, *statuses})
    }


def of_chat_error(request: Request[Any, Any, Any], error: ChatError) -> Response[dict[str, Any]]:
    """The answer to an error of the contract."""
    document = problem_document(error)
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if document["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return _response(request, document, headers)


def of_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """The answer to a refusal of Litestar, in terms of the contract if it has any."""
    if isinstance(error, ValidationException):
        return of_chat_error(request, _refused(error))
    if error.detail == _CUT_OFF:
        return of_chat_error(request, Malformed("the body is not complete"))
    if error.status_code >= 500:
        return of_failure(request, error)
    if error.status_code == 413:
        return of_chat_error(request, TooLarge())
    if error.status_code == 400:
        return of_chat_error(request, Malformed())
    if request.url.path.startswith("/api") and "Authorization" not in request.headers:
        return of_chat_error(request, Unauthenticated())  # also for an unknown path, as every path needs a token
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http-error")
    title = {404: "There is no such page", 405: "This method is not allowed here"}.get(error.status_code, "Refused")
    return _response(request, _document(code, title, error.status_code), dict(error.headers or {}))


def of_failure(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """The answer to a fault of ours. Logs the traceback, and does not show it."""
    log.error("a request failed", exc_info=error)
    return _response(request, _document("internal", "The service has failed", 500), {})


def _document(code: str, title: str, status: int) -> dict[str, Any]:
    """The problem document of an error that exists only over HTTP."""
    return {"type": problem_type(code), "title": title, "status": status, "detail": title, "code": code}


def _refused(error: ValidationException) -> ChatError:
    if (missing := _MISSING.match(error.detail)) is not None:
        return Invalid(f"{missing[1]} is missing", field=missing[1])
    faults = error.extra if isinstance(error.extra, list) else []
    key = str(faults[0].get("key", "")) if faults else ""
    if key == "data":
        return Malformed("a body is needed")
    field = _camel(key)
    return Invalid(f"{field} is missing or not allowed" if field else "", field=field or None)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _response(
    request: Request[Any, Any, Any], document: dict[str, Any], headers: dict[str, str]
) -> Response[dict[str, Any]]:
    cast(Scope, request.scope)[REFUSAL] = document["code"]
    return Response(document, status_code=document["status"], headers=headers, media_type=MEDIA_TYPE)
