"""Two instances of the service side by side."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.support.service.service_process import ServiceProcess


@asynccontextmanager
async def two_instances(home: Path, **settings: str) -> AsyncIterator[list[ServiceProcess]]:
    """Both have these settings. In the end each must stop well and without a traceback in its log."""
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(ServiceProcess(home, settings)) for _ in range(2)]
        yield started
        for instance in started:
            assert (await instance.stop(), "Traceback" in instance.log()) == (0, False)
