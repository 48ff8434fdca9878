"""Decodes request bodies over HTTP as strictly as over STOMP."""

from typing import Any, Generic, TypeVar

import msgspec
from litestar._openapi.schema_generation import SchemaCreator
from litestar.dto import MsgspecDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from application.wire.requests.bodies import decode_request

Body = TypeVar("Body", bound=msgspec.Struct)


class JsonBody(MsgspecDTO[Body], Generic[Body]):
    """Raises `Malformed`, `Invalid`. The OpenAPI document shows the type itself, not a copy."""

    def decode_bytes(self, value: bytes) -> Any:
        """Decodes a body."""
        return decode_request(msgspec.json.Decoder(self.model_type), value)

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        """A reference to the schema of the type."""
        return schema_creator.for_field_definition(field_definition)
