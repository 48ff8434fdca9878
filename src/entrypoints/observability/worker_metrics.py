"""The metrics of all workers on one machine in one scrape, whichever of them is asked (contract, section 10)."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

ASK_TIMEOUT = 2.0
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (.+)")


@runtime_checkable  # Litestar looks at what it hands to a handler
class Siblings(Protocol):
    async def start(self, own: Callable[[], Awaitable[str]]) -> None:
        """Tells what `own` returns to the other workers, from now on."""
        ...

    async def stop(self) -> None: ...

    async def complete(self, own: str) -> str:
        """The metrics `own` with those of the other workers."""
        ...


class NoSiblings:
    """The only process of its kind."""

    async def start(self, own: Callable[[], Awaitable[str]]) -> None:
        """Nobody asks."""

    async def stop(self) -> None: ...

    async def complete(self, own: str) -> str:
        return own


class WorkerSiblings:
    """Worker `index`; each listens on a Unix socket of its number in `directory`, which is the supervisor's."""

    def __init__(self, directory: Path, index: int) -> None:
        self._directory = directory
        self._index = index
        self._server: asyncio.Server | None = None

    async def start(self, own: Callable[[], Awaitable[str]]) -> None:
        """That the socket is there also says that this worker is ready."""

        async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                writer.write((await own()).encode())
                await writer.drain()
            writer.close()

        path = self._directory / f"{self._index}.sock"
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(tell, path)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            (self._directory / f"{self._index}.sock").unlink(missing_ok=True)

    async def complete(self, own: str) -> str:
        others = sorted(path for path in self._directory.glob("*.sock") if path.stem != str(self._index))
        texts = await asyncio.gather(*(_ask(path) for path in others))
        told = [(str(self._index), own), *zip((path.stem for path in others), texts, strict=True)]
        return merge(sorted(told))


async def _ask(path: Path) -> str:
    """Nothing from one that is just being started anew."""
    try:
        async with asyncio.timeout(ASK_TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(path)
            text = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return ""
    return text.decode()


def merge(texts: Sequence[tuple[str, str]]) -> str:
    """One text in the format of Prometheus of many, each sample with the label `worker` of where it comes from."""
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
