"""`/actuator/health` (contract, section 10)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from domain.errors import Unavailable

PROBE_TIMEOUT = 2.0

Probe = Callable[[], Awaitable[object]]
Cause = str | None


@dataclass
class Health:
    """The health of the instance.

    A probe returns when its part is up, and raises or hangs otherwise. `not_ready_reason` says why new clients should
    connect elsewhere though the service runs, or None.
    """

    probes: dict[str, Probe] = field(default_factory=dict)
    not_ready_reason: Callable[[], Cause] = lambda: None
    ready: bool = False
    """Set at the start and the stop of the instance."""

    async def components(self) -> dict[str, Cause]:
        """The failure of each part, by name. None for a part that is up."""
        causes = await asyncio.gather(*(_cause(probe) for probe in self.probes.values()))
        return dict(zip(self.probes, causes, strict=True))


async def _cause(probe: Probe) -> Cause:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            await probe()
    except TimeoutError:
        return f"it does not answer within {PROBE_TIMEOUT:.0f} s"
    except Unavailable as error:
        return error.detail
    except Exception as error:
        return type(error).__name__
    return None


_DOWN = {503: ResponseSpec(dict[str, Any], description="It is `DOWN`", generate_examples=False)}


class HealthController(Controller):
    """The calls under `/actuator/health`."""

    path = "/actuator/health"
    tags = ("operations",)

    @get("/", operation_id="health", summary="Health of all parts", responses=_DOWN)
    async def health(self, health: NamedDependency[Health]) -> Response[dict[str, Any]]:
        """`UP` when every part is up, otherwise 503."""
        causes = await health.components()
        parts = {name: _status(cause) for name, cause in causes.items()}
        return _answer(not any(causes.values()), components=parts)

    @get("/liveness", operation_id="liveness", summary="Is the process alive?")
    async def liveness(self) -> Response[dict[str, Any]]:
        """`UP` as long as the process answers. A restart heals no other part."""
        return _answer(True)

    @get("/readiness", operation_id="readiness", summary="May clients come?", responses=_DOWN)
    async def readiness(self, health: NamedDependency[Health]) -> Response[dict[str, Any]]:
        """Whether new clients may connect. `DOWN` before the start is complete, and from the beginning of a stop.

        Also `DOWN` while the database takes no writes, refuses this instance, or is away without a broker to hold the
        sends.
        """
        if not health.ready:
            return _answer(False, cause="it is starting or stopping")
        cause = health.not_ready_reason()
        return _answer(True) if cause is None else _answer(False, cause=cause)


def _answer(up: bool, **more: Any) -> Response[dict[str, Any]]:
    return Response({"status": "UP" if up else "DOWN", **more}, status_code=200 if up else 503)


def _status(cause: Cause) -> dict[str, str]:
    return {"status": "UP"} if cause is None else {"status": "DOWN", "cause": cause}
