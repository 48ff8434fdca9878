"""The call that tells what has changed since a token (contract, section 12)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency

from application.use_cases.sync_changes import MAX_CHANGES, SyncChanges
from application.wire.events import BlockEvent, MessageEvent, ReceiptEvent, SessionEvent, SyncText, UnreadEvent
from domain.features import Feature, Features
from domain.identifiers import parse_email
from entrypoints.rest.chat import ApiRequest
from entrypoints.rest.parameters import ActorEmailQuery, SinceQuery, page_size
from entrypoints.rest.problems import problems


class SyncAnswer(msgspec.Struct, frozen=True):
    """Events of what has changed, as they are told live. `next` asks for what comes after them."""

    changes: Sequence[MessageEvent | ReceiptEvent | SessionEvent | UnreadEvent | BlockEvent]
    next: SyncText
    more: Annotated[bool, msgspec.Meta(description="whether to ask again at once")]


class SyncController(Controller):
    """`GET /api/chat/sync` (contract, section 12)."""

    path = "/api/chat/sync"
    tags = ("chat",)
    security = ({"bearer": []},)

    @get(
        "/",
        operation_id="sync",
        summary="Read what has changed",
        response_description="Events, and the token of what comes after them",
        responses=problems(403, 404, 409, 429),
    )
    async def sync(
        self,
        request: ApiRequest,
        sync_changes: NamedDependency[SyncChanges],
        features: NamedDependency[Features],
        email: ActorEmailQuery = None,
        since: SinceQuery = None,
        limit: Annotated[int, page_size(200, MAX_CHANGES)] = 200,
    ) -> Response[SyncAnswer]:
        """The present state of what has changed since a token; without one, the token of now."""
        features.require(Feature.EVENTS)
        whose = None if email is None else parse_email(email)
        page = await sync_changes.read(request.user, since, limit, given=whose)
        changes = [msgspec.Raw(event.body.encode()) for event in page.events]
        answer: Any = msgspec.json.encode(
            {"changes": changes, "next": sync_changes.write(page.next), "more": page.more}
        )
        return Response(answer, media_type="application/json")
