"""What a client asks for. The dataclasses are not frozen, since that would triple the time to make one.

`receipt` is the `receipt` header. The driver answers it with RECEIPT when it has carried out the event. A RECEIPT is
cumulative: the driver sends it only when all earlier events are decided.
"""

from dataclasses import dataclass

from adapters.stomp.protocol.frames.frame import Frame
from adapters.stomp.protocol.negotiation.version import Version
from adapters.stomp.protocol.subscription import Subscription


@dataclass(slots=True)
class Connect:
    """CONNECT. The driver authenticates the client, then calls `StompSession.accept` or `fail`.

    `authorization` is the value of the header `Authorization`.
    """

    headers: dict[str, str]
    authorization: str | None
    version: Version


@dataclass(slots=True)
class Send:
    """SEND. `body` is in octets, which need not be UTF-8."""

    destination: str
    headers: dict[str, str]
    body: bytes
    receipt: str | None


@dataclass(slots=True)
class Subscribe:
    """SUBSCRIBE. `subscription` is open now. A driver that refuses it ends the connection with `fail`."""

    subscription: Subscription
    headers: dict[str, str]
    receipt: str | None


@dataclass(slots=True)
class Unsubscribe:
    """UNSUBSCRIBE. Nothing may be sent for `subscription` after this."""

    subscription: Subscription
    receipt: str | None


@dataclass(slots=True)
class Ack:
    """ACK. `tags` are those of the settled messages (see `Subscription.message`), oldest first. They may be empty.

    When `is_known` is False, the service no longer knows all of its messages, so it cannot answer a `receipt`.
    """

    tags: tuple[object, ...]
    receipt: str | None
    is_known: bool = True


@dataclass(slots=True)
class Nack:
    """NACK. `tags` are those of the refused messages, oldest first."""

    tags: tuple[object, ...]
    receipt: str | None


@dataclass(slots=True)
class Receipt:
    """A frame that needs nothing but an answer to its `receipt`."""

    receipt: str


@dataclass(slots=True)
class Commit:
    """COMMIT. The driver carries out the whole transaction, or nothing of it.

    It does `sends` first, then passes `acks` to `StompSession.settle`. When `acks_are_known` is False, the service no
    longer knows all of their messages. `held_receipts` are the `receipt` headers of the frames in the transaction: the
    driver answers them before that of COMMIT.
    """

    sends: list[Send]
    acks: list[Frame]
    receipt: str | None
    acks_are_known: bool = True
    held_receipts: tuple[str, ...] = ()


@dataclass(slots=True)
class Disconnect:
    """DISCONNECT. The driver answers `receipt`, if there is one, then closes the connection."""

    receipt: str | None


Event = Connect | Send | Subscribe | Unsubscribe | Ack | Nack | Receipt | Commit | Disconnect
