"""The parameters in paths and queries, described like the same fields in bodies."""

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request
from litestar.openapi.spec import Example, OpenAPIFormat, OpenAPIType, Schema
from litestar.params import ParameterKwarg, PathParameter, QueryParameter

from application.wire import fields
from application.wire.events import SyncText
from application.wire.requests.ids import is_plain_number, parse_place
from domain.errors import Invalid

PLACES: Final = ("before", "after")
"""The parameters of queries that are a `seq` or a `messageId`."""
QUERY: Final = (
    *("limit", "before", "after", "since", "cursor"),
    *("box", "clientOperationId", "email", "for", "intent", "readerEmail"),
)
"""All parameters of queries."""


async def check_query(request: Request[Any, Any, Any]) -> None:
    """Raises `Invalid` for a parameter that comes twice, and for a number that is not in ASCII digits alone.

    Litestar would take the last of two, read `1.0`, `1e3` and `-0` as numbers, and take `null` for a number that was
    left out.
    """
    if not request.scope["query_string"]:
        return
    for name in QUERY:
        texts = request.query_params.getall(name, ())
        if len(texts) > 1:
            raise Invalid(f"{name} comes more than once", field=name)
        if name == "limit" and not all(map(is_plain_number, texts)):
            raise Invalid(f"{name} must be a number in plain digits", field=name)
        if name in PLACES:
            for text in texts:
                parse_place(text, name)


def _shown(form: Any, kind: OpenAPIType | None, **more: Any) -> dict[str, Any]:
    """The schema of a parameter. Without the `oneOf` of optional ones, since a parameter of a query cannot be null."""
    (meta,) = form.__metadata__
    assert isinstance(meta, msgspec.Meta)
    return {
        "description": meta.description,
        "examples": [Example(value=example) for example in meta.examples or ()],
        "schema_extra": {"oneOf": None, "type": kind, "default": None, **(meta.extra_json_schema or {}), **more},
    }


def _text(form: Any, name: str | None = None) -> ParameterKwarg:
    return QueryParameter(name=name, **_shown(form, OpenAPIType.STRING))


def _place(form: Any) -> ParameterKwarg:
    forms = [
        Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=fields.MAX_SEQ),
        Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID),
    ]
    return QueryParameter(**_shown(form, None, oneOf=forms))


def page_size(default: int, most: int) -> ParameterKwarg:
    """The parameter `limit`, from 1 to `most`."""
    form = {"type": OpenAPIType.INTEGER, "minimum": 1, "maximum": most, "default": default}
    return QueryParameter(ge=1, le=most, description="how many at most", schema_extra=form)


SessionIdPath = Annotated[
    str,
    PathParameter(name="sessionId", **_shown(fields.SessionKey, OpenAPIType.STRING, format=OpenAPIFormat.UUID)),
]
ProfileIdPath = Annotated[
    str,
    PathParameter(name="profileId", **_shown(fields.ProfileKey, OpenAPIType.STRING, format=OpenAPIFormat.UUID)),
]
MessageIdPath = Annotated[
    str,
    PathParameter(name="messageId", **_shown(fields.MessageKey, OpenAPIType.STRING, format=OpenAPIFormat.UUID)),
]
ActorEmailQuery = Annotated[str | None, _text(fields.ActorEmail, "email")]
OperationQuery = Annotated[
    str | None,
    QueryParameter(
        name="clientOperationId", **_shown(fields.GivenOperationKey, OpenAPIType.STRING, format=OpenAPIFormat.UUID)
    ),
]
SinceQuery = Annotated[str | None, _text(SyncText, "since")]
ReaderEmailQuery = Annotated[str, _text(fields.OwnEmail, "readerEmail")]
IntentQuery = Annotated[str, _text(fields.IntentName)]
OptionalIntentQuery = Annotated[str | None, _text(fields.IntentName)]
BoxQuery = Annotated[
    Literal["inbox", "archive"] | None,
    QueryParameter(
        name="box",
        description="those that the caller has archived, or all others; without it, both",
        schema_extra={"oneOf": None, "type": OpenAPIType.STRING, "default": None, "enum": ["inbox", "archive"]},
    ),
]
CursorQuery = Annotated[str | None, _text(fields.Cursor)]
BeforeQuery = Annotated[str | None, _place(fields.BeforePlace)]
AfterQuery = Annotated[str | None, _place(fields.AfterPlace)]
