"""What the service tells clients about itself: features that are on, and limits."""

from collections.abc import Sequence
from typing import Annotated

import msgspec


class Limits(msgspec.Struct, frozen=True, rename="camel"):
    """Sizes and counts that requests keep."""

    max_content_length: Annotated[int, msgspec.Meta(description="characters of a message")]
    max_body_bytes: Annotated[int, msgspec.Meta(description="octets of an HTTP body or a STOMP frame")]
    max_history: Annotated[int, msgspec.Meta(description="messages in one answer of the history")]
    max_sessions: Annotated[int, msgspec.Meta(description="sessions in one page of their list")]
    max_subscriptions: Annotated[int, msgspec.Meta(description="subscriptions of one connection")]
    max_unacked: Annotated[int, msgspec.Meta(description="messages of one subscription that wait for their ACK")]


class Capabilities(msgspec.Struct, frozen=True, rename="camel"):
    """Features that are on, as in the header `chat-features` of CONNECTED, and limits."""

    features: Annotated[Sequence[str], msgspec.Meta(description="a call of any other one is `feature-off`")]
    limits: Limits
