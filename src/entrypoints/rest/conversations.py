"""The calls about one's own side of a session (contract, section 15)."""

from litestar import Controller, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.use_cases.change_conversation import ChangeConversation
from application.wire.requests.conversations import StateRequest
from domain.features import Feature, Features
from entrypoints.rest.chat import ApiRequest
from entrypoints.rest.json_body import JsonBody
from entrypoints.rest.parameters import SessionIdPath
from entrypoints.rest.problems import problems


class ConversationsController(Controller):
    """The calls that change what only the caller sees of a session."""

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
