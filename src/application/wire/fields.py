"""The fields of requests and answers, as the API documents describe them. `domain` checks the values."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from domain.conversation import MAX_DRAFT_LENGTH
from domain.identifiers import MAX_EMAIL_LENGTH, MAX_INTENT_LENGTH
from domain.message import MAX_CONTENT_LENGTH
from domain.rules.emoji import MAX_EMOJI_OCTETS

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


def _place(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description, examples=[42])


def _count(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description, examples=[3], extra_json_schema={"minimum": 0})


def _id(description: str, example: str) -> msgspec.Meta:
    """As text, since only its first form tells whether it is in the canonical one."""
    return msgspec.Meta(description=description, examples=[example], extra_json_schema={"format": "uuid"})


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
GivenSessionKey = Annotated[str, _id("id of the session", "01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11")]
GivenClientKey = Annotated[
    str,
    _id("made by the sender: repeats with the same one are the same message", "3d5b6f8e-0d5a-4c44-8a34-9a0e5a3f6b21"),
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
FromSeq = Annotated[int, _seq("`seq` of the first message that is to be unread")]
ReplyTo = Annotated[int, _seq("`seq` of the message that this one answers")]
NoAttachments = Annotated[list[Any], msgspec.Meta(description="there are none yet", max_length=0)]
Version = Annotated[
    int,
    msgspec.Meta(
        description="counts what changed for the viewer: edits, the deletion, reactions",
        examples=[1],
        extra_json_schema={"minimum": 1},
    ),
]
Emoji = Annotated[
    str,
    msgspec.Meta(
        description="one emoji sequence of Unicode (UTS 51), at most 64 octets",
        examples=["\N{THUMBS UP SIGN}"],
        extra_json_schema={"minLength": 1, "maxLength": MAX_EMOJI_OCTETS},
    ),
]
TypingState = Annotated[
    Literal["typing", "recording", "stopped"], msgspec.Meta(description="what the sender does in the session")
]
OwnState = Annotated[Literal["online", "away"], msgspec.Meta(description="how this connection of the user is shown")]
PresenceState = Annotated[
    str,
    msgspec.Meta(
        description="offline 20 s after its last connection ended",
        examples=["online"],
        extra_json_schema={"enum": ["online", "away", "offline"]},
    ),
]
OperationKey = Annotated[UUID, msgspec.Meta(description="that of the command")]
GivenProfileKey = Annotated[str, _id("id of the peer's profile", "6f1b1b3e-52d0-5d0a-9d3a-3f3f4a1f8f10")]
GivenMessageKey = Annotated[str, _id("id of the message", "01981a63-6f3c-7a52-9c64-51a1d0a1c0de")]
GivenOperationKey = Annotated[
    str,
    _id(
        "made by the caller: a repeat with the same one within 24 hours is done once",
        "0d1c7f0a-93a5-4f0e-8a58-6b0f0b9d0c55",
    ),
]
ActorEmail = Annotated[
    str,
    _email("who does it; a user may leave it out, a trusted service may not", "ann@example.org"),
]
BeforePlace = Annotated[str, _place("the last messages before this `seq` or `messageId`")]
AfterPlace = Annotated[str, _place("the first messages after this `seq` or `messageId`")]
LastSeq = Annotated[int, _count("`seq` of the last message; 0 when there is none")]
FirstSeq = Annotated[int, _seq("`seq` of the first message that is kept")]
Draft = Annotated[
    str,
    msgspec.Meta(
        description="what the caller has begun to write; empty for nothing",
        examples=["See you"],
        extra_json_schema={"maxLength": MAX_DRAFT_LENGTH},
    ),
]
MutedUntil = Annotated[
    datetime,
    msgspec.Meta(
        tz=True,
        description="until when new messages are to be silent, with its offset from UTC; null for not at all",
        examples=["2026-01-02T08:00:00Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
UnreadCount = Annotated[int, _count("messages to the caller that it has not read")]
Cursor = Annotated[
    str,
    msgspec.Meta(
        description="asks for what comes behind it; opaque",
        examples=["AAZHUlUL8AAABkdRfnhMAAGYGmNqAHzBp_INCwpfHBE"],
        extra_json_schema={"minLength": 1, "maxLength": 128},
    ),
]
