"""Answers the calls of features that this version does not have with `feature-off`."""

from typing import Final, Literal

from litestar.handlers import HTTPRouteHandler

from domain.features import OFFERED, Feature, switched_off

_MESSAGE: Final = "/{sessionId:str}/messages/{messageId:str}"
_Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_CALLS: Final[tuple[tuple[_Method, str, Feature], ...]] = (
    ("GET", "/sync", Feature.EVENTS),
    ("PATCH", _MESSAGE, Feature.EDIT),
    ("DELETE", _MESSAGE, Feature.DELETE),
    ("PUT", f"{_MESSAGE}/reaction", Feature.REACTIONS),
    ("DELETE", f"{_MESSAGE}/reaction", Feature.REACTIONS),
    ("GET", "/unread-counts", Feature.UNREAD),
    ("POST", "/{sessionId:str}/unread", Feature.UNREAD),
    ("PUT", "/{sessionId:str}/state", Feature.SETTINGS),
    ("GET", "/settings", Feature.SETTINGS),
    ("PUT", "/settings", Feature.SETTINGS),
    ("GET", "/blocks", Feature.BLOCK),
    ("PUT", "/blocks/{profileId:str}", Feature.BLOCK),
    ("DELETE", "/blocks/{profileId:str}", Feature.BLOCK),
    ("POST", "/{sessionId:str}/close", Feature.BLOCK),
    ("POST", "/{sessionId:str}/reports", Feature.REPORT),
    ("GET", "/devices", Feature.PUSH),
    ("GET", "/devices/{deviceId:str}", Feature.PUSH),
    ("PUT", "/devices/{deviceId:str}", Feature.PUSH),
    ("DELETE", "/devices/{deviceId:str}", Feature.PUSH),
    ("POST", "/{sessionId:str}/attachments", Feature.ATTACHMENTS),
    ("POST", "/attachments/{attachmentId:str}/complete", Feature.ATTACHMENTS),
    ("GET", "/attachments/{attachmentId:str}", Feature.ATTACHMENTS),
)


def switched_off_calls() -> list[HTTPRouteHandler]:
    """A route for each call of a feature that is not offered. The OpenAPI document does not show them."""
    return [_refusing(method, path, feature) for method, path, feature in _CALLS if feature not in OFFERED]


def _refusing(method: _Method, path: str, feature: Feature) -> HTTPRouteHandler:
    async def refuse() -> None:
        raise switched_off(feature)

    handler = HTTPRouteHandler(
        f"/api/chat{path}", http_method=method, status_code=204, include_in_schema=False, name=f"{method} {path}"
    )
    return handler(refuse)
