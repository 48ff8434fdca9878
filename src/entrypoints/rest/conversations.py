"""The calls about one's own side of a session, and its end (contract, sections 15 and 16)."""

from typing import Final

from litestar import Controller, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.use_cases.change_conversation import ChangeConversation
from application.use_cases.close_session import CloseSession
from application.wire.requests.conversations import CloseRequest, StateRequest
from domain.features import Feature, Features
from entrypoints.rest.chat import ApiRequest
from entrypoints.rest.json_body import JsonBody
from entrypoints.rest.parameters import SessionIdPath
from entrypoints.rest.problems import problems

_NOTHING: Final = CloseRequest()


class ConversationsController(Controller):
    """The calls that change a session itself, for the caller or for both."""

    path = "/api/chat/{sessionId:str}"
    tags = ("chat",)
    security = ({"bearer": []},)

    @put(
        "/state",
        operation_id="setState",
        summary="Mute, archive, pin, or keep a draft",
        response_description="The state is stored",
        status_code=204,
        dto=JsonBody[StateRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 409, 413, 429),
    )
    async def state(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        data: JSONBody[StateRequest],
        change_conversation: NamedDependency[ChangeConversation],
        features: NamedDependency[Features],
    ) -> None:
        """Changes what is named of the caller's own state of a session. The other side sees nothing of it."""
        features.require(Feature.SETTINGS)
        await change_conversation(request.user, data.of(session_id))

    @post(
        "/close",
        operation_id="closeSession",
        summary="Close a session",
        response_description="It is closed",
        status_code=204,
        dto=JsonBody[CloseRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 409, 413, 429),
    )
    async def close(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        close_session: NamedDependency[CloseSession],
        features: NamedDependency[Features],
        data: JSONBody[CloseRequest] = _NOTHING,
    ) -> None:
        """Closes a session for both: what is sent later is refused. Deleting, reporting and `seen` still work."""
        features.require(Feature.BLOCK)
        await close_session(request.user, data.of(session_id))
