"""The parameters in paths and queries, shown as the same fields are in bodies."""

from typing import Annotated, Any

import msgspec
from litestar.openapi.spec import Example, OpenAPIFormat, OpenAPIType
from litestar.params import ParameterKwarg, PathParameter, QueryParameter

from application.wire import fields


def _shown(form: Any, kind: OpenAPIType, **more: Any) -> dict[str, Any]:
    """How a parameter of this form looks; without `oneOf`, since what a query does not have it cannot have as null."""
    (meta,) = form.__metadata__
    assert isinstance(meta, msgspec.Meta)
    return {
        "description": meta.description,
        "examples": [Example(value=example) for example in meta.examples or ()],
        "schema_extra": {"oneOf": None, "type": kind, "default": None, **(meta.extra_json_schema or {}), **more},
    }


def _text(form: Any, name: str | None = None) -> ParameterKwarg:
    return QueryParameter(name=name, **_shown(form, OpenAPIType.STRING))


def _seq(form: Any) -> ParameterKwarg:
    return QueryParameter(ge=0, le=fields.MAX_SEQ, **_shown(form, OpenAPIType.INTEGER))


def page_size(default: int, most: int) -> ParameterKwarg:
    form = {"type": OpenAPIType.INTEGER, "minimum": 1, "maximum": most, "default": default}
    return QueryParameter(ge=1, le=most, description="how many at most", schema_extra=form)


SessionIdPath = Annotated[
    str,
    PathParameter(name="sessionId", **_shown(fields.SessionKey, OpenAPIType.STRING, format=OpenAPIFormat.UUID)),
]
EmailQuery = Annotated[str, _text(fields.OwnEmail)]
ReaderEmailQuery = Annotated[str, _text(fields.OwnEmail, "readerEmail")]
IntentQuery = Annotated[str, _text(fields.IntentName)]
OptionalIntentQuery = Annotated[str | None, _text(fields.IntentName)]
CursorQuery = Annotated[str | None, _text(fields.Cursor)]
BeforeQuery = Annotated[int | None, _seq(fields.BeforeSeq)]
AfterQuery = Annotated[int | None, _seq(fields.AfterSeq)]
