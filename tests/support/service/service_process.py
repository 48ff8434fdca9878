"""The service as its operators run it: a process of its own, from its command."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import aiohttp

from adapters.system.clock import SystemClock
from domain.identifiers import Email
from entrypoints.development.tokens import make_token
from entrypoints.settings.load import load_settings
from lab.ports import free_port

COMMAND = str(Path(sys.executable).parent / "chat-service")
START_TIMEOUT = 60.0
TOKEN_LIFETIME = timedelta(hours=1)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours, without any CHAT_… of whoever runs the tests, and with `settings`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")} | dict(settings)


def run_command(
    *arguments: str, executable: str | Path = COMMAND, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """`chat-service` with these arguments, until it ends."""
    return subprocess.run(
        [str(executable), *arguments],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class ServiceProcess:
    """In the `dev` profile, unless `settings` say otherwise; its log is in `home`. The port stays the same.

    As a context, it is started, and stopped whatever the test comes to.
    """

    def __init__(
        self, home: Path, settings: Mapping[str, str], *, command: str = "serve", executable: str | Path = COMMAND
    ) -> None:
        self.port = free_port()
        self.settings = {
            "CHAT_PROFILE": "dev",
            "CHAT_PORT": str(self.port),
            "CHAT_DATA_DIR": str(home),
            "CHAT_LOG_LEVEL": "info",
            "CHAT_LOG_FORMAT": "json",
        } | dict(settings)
        self._command = [str(executable), command]
        self._executable = executable
        self._log = home / f"service-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        return self._log.read_text()

    async def start(self) -> "ServiceProcess":
        self._process = self._spawn()
        try:
            async with asyncio.timeout(START_TIMEOUT), aiohttp.ClientSession() as http:
                while not await self._is_ready(http):
                    assert self._process.poll() is None, self.log()
                    await asyncio.sleep(0.05)
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aenter__(self) -> "ServiceProcess":
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.stop()
        finally:
            await self.kill()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command, cwd=self._log.parent, env=environment(self.settings), stdout=log, stderr=log
            )

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.url}/actuator/health/readiness") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self, within: float = 40) -> int:
        """Its exit code."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, within)

    async def stop(self) -> int:
        """As an operator stops it; the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self.ended()

    def token(self, email: str, *options: str) -> str:
        """A user's token, as the service's own command makes it; by that command when it is to have `options`."""
        if not options:
            return make_token(load_settings(self.settings), Email(email), TOKEN_LIFETIME, SystemClock().now())
        made = run_command("token", email, *options, executable=self._executable, **self.settings)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()
