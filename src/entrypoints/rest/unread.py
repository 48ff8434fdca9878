"""The call that counts what somebody has not read (contract, section 15)."""

from litestar import Controller, get
from litestar.di import NamedDependency

from application.use_cases.count_unread import CountUnread
from application.wire.unread import UnreadCounts
from domain.features import Feature, Features
from domain.identifiers import parse_email
from entrypoints.rest.chat import ApiRequest
from entrypoints.rest.parameters import ActorEmailQuery
from entrypoints.rest.problems import problems


class UnreadCountsController(Controller):
    """`GET /api/chat/unread-counts`."""

    path = "/api/chat/unread-counts"
    tags = ("chat",)
    security = ({"bearer": []},)

    @get(
        "/",
        operation_id="unreadCounts",
        summary="Count what is not read",
        response_description="Exact counts, the same on all devices",
        responses=problems(403, 404, 429),
    )
    async def counts(
        self,
        request: ApiRequest,
        count_unread: NamedDependency[CountUnread],
        features: NamedDependency[Features],
        email: ActorEmailQuery = None,
    ) -> UnreadCounts:
        """How many messages a person has not read: in all, by intent, and by session (at most 200, newest first)."""
        features.require(Feature.UNREAD)
        return await count_unread(request.user, None if email is None else parse_email(email))
