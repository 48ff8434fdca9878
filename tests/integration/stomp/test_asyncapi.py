"""The AsyncAPI document, held to the schema that AsyncAPI itself gives out."""

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from entrypoints.rest.documents.asyncapi import asyncapi_document
from tests.support.clients.client_matrix import node

pytestmark = pytest.mark.timeout(360)  # the first one waits for the schema to be installed


def test_the_document_is_valid_and_one_with_an_unknown_field_would_not_be() -> None:
    node.install()
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asyncapi_document()))
    schemas = node.HERE / "node_modules" / "@asyncapi" / "specs" / "schemas"
    schema = jsonschema_rs.validator_for(json.loads((schemas / f"{document['asyncapi']}.json").read_text()))
    assert [(list(error.instance_path), error.message) for error in schema.iter_errors(document)] == []
    for part in ("operations", "channels"):
        assert not schema.is_valid({**document, part: {"session": {**document[part]["session"], "unknown": 1}}})
