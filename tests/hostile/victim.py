"""The service under attack, watched from outside: its answers to others, its memory, its log."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.hostile import probe
from tests.hostile.bounds import Bounds
from tests.support.eventually import eventually
from tests.support.service.service_process import ServiceProcess

ANN = "ann@example.org"
BYSTANDER = "bystander@example.org"
START_TIMEOUT = 60.0


class Victim:
    """`watched` holds an attack to its bounds. `token` is an ordinary user's, for attackers that have one."""

    def __init__(self, service: ServiceProcess) -> None:
        self.service = service
        self.token = service.token(ANN)
        self._bystander = service.token(BYSTANDER)

    @property
    def url(self) -> str:
        return self.service.url

    @property
    def ws_url(self) -> str:
        return self.service.ws_url

    @property
    def memory(self) -> int:
        """Octets of memory that the process holds now."""
        return self._status("VmRSS")

    @property
    def sockets(self) -> int:
        """Files and sockets that the process holds open now."""
        return len(list(Path(f"/proc/{self.service.pid}/fd").iterdir()))

    @asynccontextmanager
    async def watched(self, bounds: Bounds) -> AsyncIterator[None]:
        """Watches what is done meanwhile. AssertionError when a bound is passed or a traceback is logged."""
        logged = len(self.service.log())
        async with self._bystanders() as longest:
            before = self.memory
            self._start_high_water_mark()
            yield
        grown = self._status("VmHWM") - before
        assert longest, "the bystanders measured nothing"
        assert max(longest.values()) < bounds.stall, f"others waited: {longest}"
        assert grown < bounds.growth, f"the memory grew by {grown:,} octets"
        await eventually(lambda: self.memory - before < bounds.kept, bounds.give_back)
        log = self.service.log()[logged:]
        assert "Traceback" not in log, log
        assert '"level": "error"' not in log, log

    @asynccontextmanager
    async def _bystanders(self) -> AsyncIterator[dict[str, float]]:
        """The longest waits of others, in seconds, known when this has ended."""
        longest: dict[str, float] = {}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", probe.__name__, self.url, str(self.service.pid), self._bystander),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT)
            assert ready == b"ready\n"
            yield longest
            process.stdin.write(b"stop\n")
            longest |= json.loads(await asyncio.wait_for(process.stdout.read(), probe.GIVE_UP) or "{}")
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _start_high_water_mark(self) -> None:
        Path(f"/proc/{self.service.pid}/clear_refs").write_text("5")  # proc(5)

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.service.pid}/status").read_text().splitlines()
        (found,) = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
        return int(found) * 1024
