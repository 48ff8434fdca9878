"""The call that tells clients which features and limits this service has."""

from litestar import Controller, get
from litestar.di import NamedDependency

from application.wire.capabilities import Capabilities
from entrypoints.rest.problems import problems


class CapabilitiesController(Controller):
    """`GET /api/chat/capabilities` (contract, section 5)."""

    path = "/api/chat"
    tags = ("chat",)
    security = ({"bearer": []},)

    @get(
        "/capabilities",
        operation_id="capabilities",
        summary="Read features and limits",
        response_description="Features that are on, and limits",
        responses=problems(),
        sync_to_thread=False,
    )
    def capabilities(self, capabilities: NamedDependency[Capabilities]) -> Capabilities:
        """The features that are switched on, and the limits of requests."""
        return capabilities
