"""An instance of the service in its own process, and its supervisor."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from lab.ports import free_port

START_TIMEOUT = 90.0
STOP_TIMEOUT = 40.0


class Instance:
    """Starts and stops an instance. `living` says that the process runs and was ready once.

    That is all that a load balancer without a probe knows.
    """

    def __init__(self, command: Sequence[str], settings: Mapping[str, str], home: Path, number: int) -> None:
        self._command = command
        self._port = free_port()
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("CHAT_")}
        self._environment = inherited | dict(settings) | {"CHAT_PORT": str(self._port)}
        self.log = home / f"instance-{number}.log"
        self.url = f"http://127.0.0.1:{self._port}"
        self.living = False
        self.exit_codes: list[int] = []
        """The exit codes after SIGTERM."""
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Starts the process. Returns when it is ready.

        Starts it again when it ends before, as without its database.
        """
        async with asyncio.timeout(START_TIMEOUT), aiohttp.ClientSession() as http:
            while not await self._is_ready(http):
                if self._process is None or self._process.poll() is not None:
                    self._spawn()
                await asyncio.sleep(0.1)
        self.living = True

    async def is_healthy(self, http: aiohttp.ClientSession) -> bool:
        """Whether the instance and all that it depends on are up."""
        return await self._answers(http, "/actuator/health")

    async def kill(self) -> None:
        """Kills the process."""
        self.living = False
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Sends SIGTERM and waits for the end. Kills the process after `STOP_TIMEOUT` seconds."""
        self.living = False
        if (code := await self._end(signal.SIGTERM)) is not None:
            self.exit_codes.append(code)

    def freeze(self) -> None:
        """Stops the process by SIGSTOP."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continues the process by SIGCONT."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "it was started"
        return self._process

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)

    async def _end(self, how: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(how)
        try:
            return await asyncio.to_thread(process.wait, STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            return await asyncio.to_thread(process.wait)

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        return await self._answers(http, "/actuator/health/readiness")

    async def _answers(self, http: aiohttp.ClientSession, path: str) -> bool:
        try:
            async with http.get(f"{self.url}{path}", timeout=aiohttp.ClientTimeout(total=5)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
