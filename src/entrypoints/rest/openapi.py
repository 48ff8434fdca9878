"""The OpenAPI document: the framework knows the operations, msgspec the types."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import MediaType, Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from application.use_cases.list_sessions import SessionPage
from application.wire.problem import Problem
from application.wire.requests import InitRequest, SeenRequest, SendMessageRequest
from entrypoints.rest.asyncapi import asyncapi_document
from entrypoints.rest.chat import SessionOpened

_TYPES = (InitRequest, SessionOpened, SendMessageRequest, SeenRequest, SessionPage, Problem)


class _AsyncApi(OpenAPIRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return msgspec.json.encode(asyncapi_document())


class _Document(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return super().render(request, with_types(openapi_schema))


def with_types(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the types as msgspec tells them: with every field's limits, as the STOMP side shows them."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    return {**document, "components": {**document["components"], "schemas": schemas}}


def openapi_config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="chat-service",
        version=version("chat-service"),
        description="One-to-one chat with guaranteed delivery. What arrives over STOMP is in /schema/asyncapi.json.",
        path="/schema",
        render_plugins=[
            _Document(path=["/openapi.json", "/"]),
            _AsyncApi(path="/asyncapi.json", media_type=MediaType.JSON),
        ],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )
