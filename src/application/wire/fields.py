"""The fields of requests and answers as the documents of the API show them; `domain` checks what is shown here."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from domain.identifiers import MAX_EMAIL_LENGTH, MAX_INTENT_LENGTH
from domain.message import MAX_CONTENT_LENGTH

MAX_SEQ = 2**63 - 1


def _email(description: str, example: str) -> msgspec.Meta:
    return msgspec.Meta(
        description=description,
        examples=[example],
        extra_json_schema={"format": "email", "minLength": 3, "maxLength": MAX_EMAIL_LENGTH},
    )


def _seq(description: str, least: int = 1) -> msgspec.Meta:
    return msgspec.Meta(
        description=description, examples=[42], extra_json_schema={"minimum": least, "maximum": MAX_SEQ}
    )


def _count(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description, examples=[3], extra_json_schema={"minimum": 0})


OwnEmail = Annotated[str, _email("the caller's own address, in any case", "ann@example.org")]
OtherEmail = Annotated[str, _email("the address of the other one", "bob@example.org")]
Address = Annotated[
    str,
    _email("an address in its canonical form: in lower case, the domain in ASCII", "ann@example.org"),
]
PeerAddress = Annotated[
    str,
    msgspec.Meta(
        description="an address in its canonical form; empty when it is not known",
        examples=["bob@example.org"],
        extra_json_schema={"maxLength": MAX_EMAIL_LENGTH},
    ),
]
IntentName = Annotated[
    str,
    msgspec.Meta(
        description="what the two talk about: visible characters without spaces",
        examples=["friends"],
        extra_json_schema={"minLength": 1, "maxLength": MAX_INTENT_LENGTH, "pattern": r"^\S+$"},
    ),
]
Content = Annotated[
    str,
    msgspec.Meta(
        description="any Unicode but NUL, not white space alone; stored as sent",
        examples=["See you at eight?"],
        extra_json_schema={"minLength": 1, "maxLength": MAX_CONTENT_LENGTH},
    ),
]
SessionKey = Annotated[
    UUID, msgspec.Meta(description="id of the session", examples=["01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11"])
]
MessageKey = Annotated[
    UUID, msgspec.Meta(description="id of the message", examples=["01981a63-6f3c-7a52-9c64-51a1d0a1c0de"])
]
ClientKey = Annotated[
    UUID,
    msgspec.Meta(
        description="made by the sender: repeats with the same one are the same message",
        examples=["3d5b6f8e-0d5a-4c44-8a34-9a0e5a3f6b21"],
    ),
]
ProfileKey = Annotated[
    UUID, msgspec.Meta(description="id of a profile", examples=["6f1b1b3e-52d0-5d0a-9d3a-3f3f4a1f8f10"])
]
DisplayName = Annotated[str, msgspec.Meta(description="a name for people to read", examples=["Ann"])]
Moment = Annotated[
    datetime,
    msgspec.Meta(
        description="by the service's clock, in UTC",
        examples=["2026-01-01T12:00:00.123456Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Seq = Annotated[int, _seq("number of the message in its session: 1, 2, 3 … without a hole")]
UpToSeq = Annotated[int, _seq("everything up to and including this `seq`", least=0)]
BeforeSeq = Annotated[int, _seq("the last messages with a smaller `seq`", least=0)]
AfterSeq = Annotated[int, _seq("the first messages with a greater `seq`", least=0)]
LastSeq = Annotated[int, _count("`seq` of the last message; 0 when there is none")]
UnreadCount = Annotated[int, _count("messages to the caller not seen, among the last 1,000 of the session")]
Cursor = Annotated[
    str,
    msgspec.Meta(
        description="asks for what comes behind it; opaque",
        examples=["AAZHUlUL8AAABkdRfnhMAAGYGmNqAHzBp_INCwpfHBE"],
        extra_json_schema={"minLength": 1, "maxLength": 128},
    ),
]
