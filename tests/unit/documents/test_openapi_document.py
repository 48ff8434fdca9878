"""The OpenAPI document: names that clients are generated from, and limits that are those of the domain."""

import re
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.di import Provide

from domain.identifiers import MAX_EMAIL_LENGTH
from domain.message import MAX_CONTENT_LENGTH
from entrypoints.observability.health import HealthController
from entrypoints.rest.chat import ChatController
from entrypoints.rest.conversations import ConversationsController
from entrypoints.rest.documents.openapi import openapi_config, with_types
from entrypoints.rest.messages import MessagesController
from entrypoints.rest.parameters import QUERY
from entrypoints.rest.problems import MEDIA_TYPE
from entrypoints.rest.settings import SettingsController
from entrypoints.rest.sync import SyncController
from entrypoints.rest.unread import UnreadCountsController
from tests.support.json_references import references

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    uses = ("init_session", "send_message", "list_sessions", "read_history", "read_unread", "mark_seen")
    changes = (
        "change_message",
        "change_conversation",
        "change_settings",
        "count_unread",
        "close_session",
        "sync_changes",
    )
    given = (*uses, *changes, "features", "health")
    app = Litestar(
        [
            ChatController,
            MessagesController,
            ConversationsController,
            SettingsController,
            UnreadCountsController,
            SyncController,
            HealthController,
        ],
        dependencies={name: Provide(lambda: None, sync_to_thread=False) for name in given},
        openapi_config=openapi_config(),
        logging_config=None,
    )
    document: Document = msgspec.json.decode(msgspec.json.encode(with_types(app.openapi_schema.to_schema())))
    return document


def operations(document: Document) -> dict[str, dict[str, Any]]:
    return {one["operationId"]: one for path in document["paths"].values() for one in path.values()}


def test_operations_and_parameters_have_names_for_programs(document: Document) -> None:
    named = operations(document)
    assert set(named) >= {
        "initSession",
        "sendMessage",
        "history",
        "unread",
        "seen",
        "sessions",
        "editMessage",
        "deleteMessage",
    }
    for operation in named.values():
        assert operation["summary"]
        for parameter in operation.get("parameters", []):
            assert re.fullmatch("[a-z]+([A-Z][a-z]+)*", parameter["name"])
            assert parameter["description"]


def test_every_type_is_there(document: Document) -> None:
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_the_limits_are_shown(document: Document) -> None:
    send = document["components"]["schemas"]["SendMessageRequest"]["properties"]
    assert (send["content"]["minLength"], send["content"]["maxLength"]) == (1, MAX_CONTENT_LENGTH)
    assert (send["senderEmail"]["format"], send["senderEmail"]["maxLength"]) == ("email", MAX_EMAIL_LENGTH)
    assert send["sessionId"]["format"] == "uuid"
    history = {one["name"]: one["schema"] for one in operations(document)["history"]["parameters"]}
    assert (history["limit"]["minimum"], history["limit"]["maximum"], history["limit"]["default"]) == (1, 200, 50)
    for name in ("before", "after"):
        seq, message_id = history[name]["oneOf"]
        assert (seq["type"], seq["minimum"], seq["maximum"]) == ("integer", 0, 2**63 - 1)
        assert (message_id["type"], message_id["format"]) == ("string", "uuid")
    assert history["sessionId"]["format"] == "uuid"


def test_every_parameter_of_a_query_is_checked(document: Document) -> None:
    parameters = [one for operation in operations(document).values() for one in operation.get("parameters", [])]
    in_queries = [one for one in parameters if one["in"] == "query"]
    assert {one["name"] for one in in_queries} == set(QUERY)


def test_refusals_are_problem_documents(document: Document) -> None:
    for operation in operations(document).values():
        refusals = {status: one for status, one in operation["responses"].items() if int(status) >= 400}
        if "chat" in operation["tags"]:
            assert {"400", "401", "422", "503"} <= set(refusals)
            assert all(set(one["content"]) == {MEDIA_TYPE} for one in refusals.values())
