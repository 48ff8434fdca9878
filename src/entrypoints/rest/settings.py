"""The calls about what a user shows of itself (contract, section 15)."""

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.use_cases.change_settings import ChangeSettings
from application.wire.requests.conversations import SettingsRequest
from application.wire.user_settings import SettingsAnswer
from domain.features import Feature, Features
from domain.identifiers import parse_email
from entrypoints.rest.chat import ApiRequest
from entrypoints.rest.json_body import JsonBody
from entrypoints.rest.parameters import ActorEmailQuery
from entrypoints.rest.problems import problems


class SettingsController(Controller):
    """`/api/chat/settings`."""

    path = "/api/chat/settings"
    tags = ("chat",)
    security = ({"bearer": []},)

    @get(
        "/",
        operation_id="settings",
        summary="Read what one shows",
        response_description="The settings for all intents, then those for one",
        responses=problems(403, 404, 429),
    )
    async def read(
        self,
        request: ApiRequest,
        change_settings: NamedDependency[ChangeSettings],
        features: NamedDependency[Features],
        email: ActorEmailQuery = None,
    ) -> SettingsAnswer:
        """What the caller shows of itself: receipts, typing, presence."""
        features.require(Feature.SETTINGS)
        actor = None if email is None else parse_email(email)
        return SettingsAnswer(await change_settings.read(request.user, actor))

    @put(
        "/",
        operation_id="setSettings",
        summary="Change what one shows",
        response_description="The settings are stored",
        status_code=204,
        dto=JsonBody[SettingsRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 409, 413, 429),
    )
    async def change(
        self,
        request: ApiRequest,
        data: JSONBody[SettingsRequest],
        change_settings: NamedDependency[ChangeSettings],
        features: NamedDependency[Features],
    ) -> None:
        """Stores all of what the caller shows, for an intent or for all that have no settings of their own.

        What is not named is shown. Who hides something does not see it of others either.
        """
        features.require(Feature.SETTINGS)
        await change_settings(request.user, data.command())
