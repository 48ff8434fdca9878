"""The calls that change messages (contract, section 13)."""

from typing import Annotated, Literal

from litestar import Controller, delete, patch, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from application.use_cases.change_message import ChangeMessage
from application.wire.chat_message import ChatMessage
from application.wire.requests.commands import DeleteInSession, EditRequest, ReactInSession, ReactionRequest
from domain.features import Feature, Features
from entrypoints.rest.chat import ApiRequest
from entrypoints.rest.json_body import JsonBody
from entrypoints.rest.parameters import ActorEmailQuery, MessageIdPath, OperationQuery, SessionIdPath
from entrypoints.rest.problems import problems

_REFUSALS = problems(403, 404, 408, 409, 410, 413, 429)


class MessagesController(Controller):
    """The calls that change one message."""

    path = "/api/chat/{sessionId:str}/messages/{messageId:str}"
    tags = ("chat",)
    security = ({"bearer": []},)

    @patch(
        "/",
        operation_id="editMessage",
        summary="Edit a message",
        response_description="The message as it is now",
        dto=JsonBody[EditRequest],
        return_dto=None,
        responses=_REFUSALS,
    )
    async def edit(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        message_id: MessageIdPath,
        data: JSONBody[EditRequest],
        change_message: NamedDependency[ChangeMessage],
        features: NamedDependency[Features],
    ) -> ChatMessage:
        """Gives one's own message another text, within the window for edits."""
        features.require(Feature.EDIT)
        return await change_message.edit(request.user, data.of(session_id, message_id))

    @delete(
        "/",
        operation_id="deleteMessage",
        summary="Delete a message",
        response_description="It is deleted",
        status_code=204,
        responses=problems(403, 404, 409, 429),
    )
    async def remove(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        message_id: MessageIdPath,
        change_message: NamedDependency[ChangeMessage],
        features: NamedDependency[Features],
        for_: Annotated[
            Literal["everyone", "me"],
            QueryParameter(name="for", description="for both, which only the sender may, or for the caller alone"),
        ],
        email: ActorEmailQuery = None,
        client_operation_id: OperationQuery = None,
    ) -> None:
        """Deletes a message: its text is gone, or hidden from the caller; a tombstone stays in its place."""
        features.require(Feature.DELETE)
        asked = DeleteInSession(
            session_id=session_id,
            message_id=message_id,
            email=email,
            client_operation_id=client_operation_id,
            for_=for_,
        )
        await change_message.delete(request.user, asked.command())

    @put(
        "/reaction",
        operation_id="setReaction",
        summary="React to a message",
        response_description="The reaction is set",
        status_code=204,
        dto=JsonBody[ReactionRequest],
        return_dto=None,
        responses=_REFUSALS,
    )
    async def react(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        message_id: MessageIdPath,
        data: JSONBody[ReactionRequest],
        change_message: NamedDependency[ChangeMessage],
        features: NamedDependency[Features],
    ) -> None:
        """Puts an emoji to a message, in place of the caller's last one."""
        features.require(Feature.REACTIONS)
        await change_message.react(request.user, data.of(session_id, message_id))

    @delete(
        "/reaction",
        operation_id="removeReaction",
        summary="Take a reaction away",
        response_description="There is no reaction of the caller",
        status_code=204,
        responses=problems(403, 404, 409, 410, 429),
    )
    async def unreact(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        message_id: MessageIdPath,
        change_message: NamedDependency[ChangeMessage],
        features: NamedDependency[Features],
        email: ActorEmailQuery = None,
        client_operation_id: OperationQuery = None,
    ) -> None:
        """Takes the caller's reaction to a message away."""
        features.require(Feature.REACTIONS)
        asked = ReactInSession(
            session_id=session_id,
            message_id=message_id,
            email=email,
            client_operation_id=client_operation_id,
            emoji=None,
        )
        await change_message.react(request.user, asked.command())
