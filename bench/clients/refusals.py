"""Reads refusals: the code of the problem document, and when to try again."""

import re

import msgspec

_RETRY_AFTER = re.compile(rb"\nretry-after:([0-9.]+)")


class _Problem(msgspec.Struct):
    code: str


def read_refusal(frame: bytes) -> tuple[str, float | None]:
    """The code in a refusal, and the seconds of its header `retry-after`, if it has one."""
    head, _, body = frame.partition(b"\n\n")
    retry_after = _RETRY_AFTER.search(head)
    problem = msgspec.json.decode(body.rstrip(b"\0\n"), type=_Problem)
    return problem.code, float(retry_after[1]) if retry_after else None
