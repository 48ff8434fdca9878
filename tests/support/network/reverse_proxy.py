"""HAProxy and nginx in front of instances, with the configuration that docs/deploying-behind-a-proxy.md gives."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from entrypoints.checkout import PROJECT
from lab.ports import free_port
from tests.support.eventually import eventually_some

Program = Literal["haproxy", "nginx"]
Stick = Literal["session", "cookie", "user", "nothing"]

DOCUMENT = PROJECT / "docs" / "deploying-behind-a-proxy.md"
STICKY: Mapping[Program, str] = {
    "haproxy": "    balance hash var(txn.session)\n    hash-type consistent\n",
    "nginx": "    hash $chat_session consistent;\n",
}


class ReverseProxy:
    """One in the foreground, on a free port, in front of the instances at the two `ports`; its log is in `home`."""

    def __init__(self, program: Program, home: Path, ports: Sequence[int], stick: Stick = "session") -> None:
        self._program = program
        self._config, self._log = home / f"{program}.conf", home / f"{program}.log"
        self._port = free_port()
        self._config.write_text(_configuration(program, stick, self._port, ports, home))
        self.url = f"http://127.0.0.1:{self._port}"
        self.ws_url = f"ws://127.0.0.1:{self._port}/ws"

    async def __aenter__(self) -> Self:
        path = shutil.which(self._program, path=f"{os.environ['PATH']}:/usr/sbin")
        if path is None:
            raise RuntimeError(f"the tests need {self._program}: run scripts/provision-proxies, as `make test` does")
        self._process = self._spawn(path)
        try:
            await eventually_some(self._listens)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        await asyncio.to_thread(self._process.wait, 10)

    def _spawn(self, path: str) -> "subprocess.Popen[bytes]":
        options = ["-db", "-f"] if self._program == "haproxy" else ["-e", self._log, "-c"]
        with self._log.open("ab") as log:
            return subprocess.Popen([path, *options, self._config], stdout=log, stderr=log)

    async def _listens(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True


def _configuration(program: Program, stick: Stick, port: int, ports: Sequence[int], home: Path) -> str:
    """The document's text with our addresses in it; for nginx, in what its package's own file has around it."""
    common, backend = _snippet(program), _snippet(f"{program} by {'session' if stick == 'nothing' else stick}")
    if stick == "nothing":
        backend = _replaced(backend, STICKY[program], "    balance roundrobin\n" if program == "haproxy" else "")
    for theirs, ours in zip(("10.0.0.1:8080", "10.0.0.2:8080"), ports, strict=True):
        backend = _replaced(backend, theirs, f"127.0.0.1:{ours}")
    if program == "haproxy":
        return _replaced(common, "bind :80\n", f"bind 127.0.0.1:{port}\n") + backend
    cookie = _snippet("nginx cookie") if stick == "cookie" else ""
    server = _replaced(common, "listen 80;\n", f"listen 127.0.0.1:{port};\n{cookie}")
    places = [f"{name}_temp_path {home}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    return "\n".join(
        [
            "daemon off;",
            f"pid {home}/nginx.pid;",
            f"error_log {home}/nginx.log;",
            *(["user root;"] if os.geteuid() == 0 else []),  # the place is ours alone
            "events {}",
            "http {",
            "access_log off;",
            *places,
            backend + server,
            "}\n",
        ]
    )


def _snippet(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None, name
    return found[1]


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)
