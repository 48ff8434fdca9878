"""Makes the OpenAPI document: operations from Litestar, types from msgspec."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import MediaType, Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from application.use_cases.list_sessions import SessionPage
from application.wire.blocks import BlockPage
from application.wire.capabilities import Capabilities
from application.wire.problem import Problem
from application.wire.requests.blocks import BlockRequest
from application.wire.requests.bodies import InitRequest, SeenRequest, SendMessageRequest
from application.wire.requests.commands import EditRequest, ReactionRequest
from application.wire.requests.conversations import CloseRequest, SettingsRequest, StateRequest, UnreadRequest
from application.wire.unread import UnreadCounts
from application.wire.user_settings import SettingsAnswer
from entrypoints.rest.chat import SessionOpened
from entrypoints.rest.documents.asyncapi import asyncapi_document
from entrypoints.rest.sync import SyncAnswer

_TYPES = (
    InitRequest,
    SessionOpened,
    SendMessageRequest,
    SeenRequest,
    EditRequest,
    ReactionRequest,
    StateRequest,
    CloseRequest,
    BlockRequest,
    BlockPage,
    SettingsRequest,
    SettingsAnswer,
    UnreadRequest,
    UnreadCounts,
    SessionPage,
    SyncAnswer,
    Capabilities,
    Problem,
)


class _AsyncApi(OpenAPIRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return msgspec.json.encode(asyncapi_document())


class _Document(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return super().render(request, with_types(openapi_schema))


def with_types(document: Mapping[str, Any]) -> dict[str, Any]:
    """Adds the types as msgspec describes them: with the limits of every field, as for STOMP."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    return {**document, "components": {**document["components"], "schemas": schemas}}


def openapi_config() -> OpenAPIConfig:
    """The configuration for Litestar."""
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
