"""The calls that block people (contract, section 16)."""

from typing import Annotated

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.use_cases.block_people import MAX_PAGE, BlockPeople
from application.wire.blocks import BlockPage
from application.wire.requests.blocks import BlockRequest, UnblockRequest
from domain.features import Feature, Features
from domain.identifiers import parse_email
from entrypoints.rest.chat import ApiRequest
from entrypoints.rest.json_body import JsonBody
from entrypoints.rest.parameters import ActorEmailQuery, CursorQuery, OperationQuery, ProfileIdPath, page_size
from entrypoints.rest.problems import problems


class BlocksController(Controller):
    """`/api/chat/blocks`."""

    path = "/api/chat/blocks"
    tags = ("chat",)
    security = ({"bearer": []},)

    @get(
        "/",
        operation_id="blocks",
        summary="List whom one has blocked",
        response_description="A page of blocks",
        responses=problems(403, 404, 429),
    )
    async def blocks(
        self,
        request: ApiRequest,
        block_people: NamedDependency[BlockPeople],
        features: NamedDependency[Features],
        email: ActorEmailQuery = None,
        limit: Annotated[int, page_size(50, MAX_PAGE)] = 50,
        cursor: CursorQuery = None,
    ) -> BlockPage:
        """Whom a person has blocked; `nextCursor` asks for those after them."""
        features.require(Feature.BLOCK)
        return await block_people.page(request.user, None if email is None else parse_email(email), limit, cursor)

    @put(
        "/{profileId:str}",
        operation_id="block",
        summary="Block somebody",
        response_description="The block holds",
        status_code=204,
        dto=JsonBody[BlockRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 409, 413, 429),
    )
    async def block(
        self,
        request: ApiRequest,
        profile_id: ProfileIdPath,
        data: JSONBody[BlockRequest],
        block_people: NamedDependency[BlockPeople],
        features: NamedDependency[Features],
    ) -> None:
        """Blocks a peer of the caller: what it sends from now on is withheld. It notices nothing."""
        features.require(Feature.BLOCK)
        await block_people(request.user, data.of(profile_id))

    @delete(
        "/{profileId:str}",
        operation_id="unblock",
        summary="End a block",
        response_description="The peer is not blocked",
        status_code=204,
        responses=problems(403, 404, 409, 429),
    )
    async def unblock(
        self,
        request: ApiRequest,
        profile_id: ProfileIdPath,
        block_people: NamedDependency[BlockPeople],
        features: NamedDependency[Features],
        email: ActorEmailQuery = None,
        client_operation_id: OperationQuery = None,
    ) -> None:
        """Ends every block of the caller that holds for this profile. What was withheld stays withheld."""
        features.require(Feature.BLOCK)
        asked = UnblockRequest(email=email, client_operation_id=client_operation_id)
        await block_people(request.user, asked.of(profile_id))
