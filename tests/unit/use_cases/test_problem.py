"""Problem documents: the text that is made once for many refusals says the same as the document."""

from uuid import uuid4

import msgspec
import pytest

from application.wire.problem import problem_document, problem_text
from domain.errors import ChatError, Invalid, Overloaded, ResumeTooHigh, StoreUnavailable

ERRORS: list[ChatError] = [
    Overloaded(retry_after=3),
    Invalid('not "so"', field="content"),
    StoreUnavailable(),
    StoreUnavailable("the database is away"),
    ResumeTooHigh(uuid4(), 7),
]


@pytest.mark.parametrize("client_message_id", [None, "8bc89849-2a61-4e9c-8ba0-a5e41b35ba6d", 'a "quoted" \\ id\n', ""])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_text_and_document_say_the_same(error: ChatError, client_message_id: str | None) -> None:
    assert msgspec.json.decode(problem_text(error, client_message_id)) == problem_document(error, client_message_id)
