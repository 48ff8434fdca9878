"""`/actuator/health` (contract, section 10)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

PROBE_TIMEOUT = 2.0

Probe = Callable[[], Awaitable[object]]


@dataclass
class Health:
    """`probes` return when their part is up, and raise or hang when it is not."""

    probes: dict[str, Probe] = field(default_factory=dict)
    ready: bool = False
    """Set by who starts and stops the service: whether a load balancer should send new clients here."""

    async def components(self) -> dict[str, bool]:
        answers = await asyncio.gather(*(_answers(probe) for probe in self.probes.values()))
        return dict(zip(self.probes, answers, strict=True))


async def _answers(probe: Probe) -> bool:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            await probe()
    except Exception:
        return False
    return True


_DOWN = {503: ResponseSpec(dict[str, Any], description="It is `DOWN`", generate_examples=False)}


class HealthController(Controller):
    path = "/actuator/health"
    tags = ("operations",)

    @get("/", operation_id="health", summary="Health of all parts", responses=_DOWN)
    async def health(self, health: NamedDependency[Health]) -> Response[dict[str, Any]]:
        """`UP` when every part is; 503 otherwise."""
        components = await health.components()
        return _answer(
            all(components.values()), components={name: {"status": _word(up)} for name, up in components.items()}
        )

    @get("/liveness", operation_id="liveness", summary="Is the process alive?")
    async def liveness(self) -> Response[dict[str, Any]]:
        """`UP` as long as the process answers: what is away elsewhere is not healed by a restart here."""
        return _answer(True)

    @get("/readiness", operation_id="readiness", summary="May clients come?", responses=_DOWN)
    async def readiness(self, health: NamedDependency[Health]) -> Response[dict[str, Any]]:
        """`DOWN` before the start is through and from the first moment of a shutdown."""
        return _answer(health.ready)


def _answer(up: bool, **more: Any) -> Response[dict[str, Any]]:
    return Response({"status": _word(up), **more}, status_code=200 if up else 503)


def _word(up: bool) -> str:
    return "UP" if up else "DOWN"
