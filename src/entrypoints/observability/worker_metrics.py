"""Joins the metrics of all workers on a machine in one scrape, whichever worker answers it (contract, section 10)."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

ASK_TIMEOUT = 2.0
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (.+)")


@runtime_checkable  # Litestar checks the type of a dependency
class WorkerMetrics(Protocol):
    """Exchanges metrics between the workers."""

    async def start(self, own: Callable[[], Awaitable[str]]) -> None:
        """Gives the text that `own` returns to the other workers from now on."""
        ...

    async def stop(self) -> None:
        """Gives no more text. Idempotent."""
        ...

    async def complete(self, own: str) -> str:
        """The metrics `own` together with those of the other workers."""
        ...


class NoOtherWorkers:
    """For a process without other workers."""

    async def start(self, own: Callable[[], Awaitable[str]]) -> None:
        """Does nothing."""

    async def stop(self) -> None:
        """Does nothing."""
        ...

    async def complete(self, own: str) -> str:
        """Returns `own`."""
        return own


class OtherWorkers:
    """Worker `index`.

    Each worker listens on a Unix socket with its number in `directory`, which the supervisor owns.
    """

    def __init__(self, directory: Path, index: int) -> None:
        self._directory = directory
        self._index = index
        self._server: asyncio.Server | None = None

    async def start(self, own: Callable[[], Awaitable[str]]) -> None:
        """Listens on the socket, which also tells the supervisor that this worker is ready."""

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                writer.write((await own()).encode())
                await writer.drain()
            writer.close()

        path = self._directory / f"{self._index}.sock"
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(answer, path)

    async def stop(self) -> None:
        """Removes the socket."""
        if self._server is not None:
            self._server.close()
            (self._directory / f"{self._index}.sock").unlink(missing_ok=True)

    async def complete(self, own: str) -> str:
        """Asks the other workers. Leaves out those that do not answer."""
        others = sorted(path for path in self._directory.glob("*.sock") if path.stem != str(self._index))
        texts = await asyncio.gather(*(_ask(path) for path in others))
        labelled = [(str(self._index), own), *zip((path.stem for path in others), texts, strict=True)]
        return merge(sorted(labelled))


async def _ask(path: Path) -> str:
    """The metrics of a worker. Empty for one that is starting."""
    try:
        async with asyncio.timeout(ASK_TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(path)
            text = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return ""
    return text.decode()


def merge(texts: Sequence[tuple[str, str]]) -> str:
    """Joins texts in the format of Prometheus.

    `texts` has pairs of a worker and its text; each sample gets the label `worker`.
    """
    families: dict[str, list[str]] = {}
    heads: dict[str, list[str]] = {}
    for worker, text in texts:
        family = ""
        for line in text.splitlines():
            if line.startswith("#"):
                family = line.split(" ", 3)[2]
                head = heads.setdefault(family, [])
                if line not in head:
                    head.append(line)
            elif sample := _SAMPLE.fullmatch(line):
                labels = f'{sample[2]},worker="{worker}"' if sample[2] else f'worker="{worker}"'
                families.setdefault(family, []).append(f"{sample[1]}{{{labels}}} {sample[3]}")
    return "".join(f"{line}\n" for family, head in heads.items() for line in (*head, *families.get(family, ())))
