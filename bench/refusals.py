"""What a refused send is told: the code of the problem document and when to try again."""

import re

import msgspec

_RETRY_AFTER = re.compile(rb"\nretry-after:([0-9.]+)")


class _Problem(msgspec.Struct):
    code: str


def read_refusal(frame: bytes) -> tuple[str, float | None]:
    """The code, and the seconds of the header `retry-after` if the frame has it."""
    head, _, body = frame.partition(b"\n\n")
    told = _RETRY_AFTER.search(head)
    problem = msgspec.json.decode(body.rstrip(b"\0\n"), type=_Problem)
    return problem.code, float(told[1]) if told else None
