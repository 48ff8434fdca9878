"""A load generator in its process, as the testbed sees it."""

import asyncio
from typing import Any

import msgspec

from bench.generators.commands import Phase, ResumePhase

ANSWER_GRACE = 180.0
"""Seconds after the end of a phase within which the answer must come."""


class LoadProcess:
    """Sends commands to a load generator."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def connect(self, plan: msgspec.Struct, within: float = ANSWER_GRACE) -> None:
        """Returns when all clients of `plan` are connected. Raises what `ask` raises."""
        answer = await self.ask(plan, within)
        assert answer["connected"]

    async def ask(self, question: msgspec.Struct, grace: float = ANSWER_GRACE) -> dict[str, Any]:
        """Sends a command and returns the answer.

        Raises RuntimeError when the process has failed, and TimeoutError when no answer comes within `grace` seconds,
        for a phase after its end.
        """
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(msgspec.json.encode(question) + b"\n")
        await stdin.drain()
        seconds = question.seconds if isinstance(question, Phase | ResumePhase) else 0
        line = await asyncio.wait_for(stdout.readline(), seconds + grace)
        if not line:
            raise RuntimeError("the load generator has failed; what it says is above")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer
