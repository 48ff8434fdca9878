"""The pipe between a load generator and the testbed: JSON lines on stdin and stdout."""

import asyncio
import sys

import msgspec

LONGEST_LINE = 64 * 1024 * 1024


async def open_stdin() -> asyncio.StreamReader:
    """Opens stdin as a stream of lines."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def answer(document: object) -> None:
    """Writes a JSON document as one line to stdout."""
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    sys.stdout.flush()
