"""What a client asked for, one dataclass a request. Not frozen: that alone would triple the price of making one.

`receipt` is the `receipt` header: the driver answers it with RECEIPT once it has done what the event says.
Receipts are cumulative: one may be sent only when all events before it are decided too.
"""

from dataclasses import dataclass

from adapters.stomp.protocol.frame import Frame
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.protocol.version import Version


@dataclass(slots=True)
class Connect:
    """The driver authenticates, then calls `StompSession.accept` or `fail`. `authorization` is that header's value."""

    headers: dict[str, str]
    authorization: str | None
    version: Version


@dataclass(slots=True)
class Send:
    """`body` in octets, whether UTF-8 or not."""

    destination: str
    headers: dict[str, str]
    body: bytes
    receipt: str | None


@dataclass(slots=True)
class Subscribe:
    """`subscription` counts from now on; a driver that refuses it ends the connection with `fail`."""

    subscription: Subscription
    headers: dict[str, str]
    receipt: str | None


@dataclass(slots=True)
class Unsubscribe:
    """Nothing may be sent on `subscription` after this."""

    subscription: Subscription
    receipt: str | None


@dataclass(slots=True)
class Ack:
    """`tags` are those given to `Subscription.message`, oldest first; empty when nothing was waiting for this ACK.

    Without `is_known` some message that it speaks of was forgotten: then it cannot be answered.
    """

    tags: tuple[object, ...]
    receipt: str | None
    is_known: bool = True


@dataclass(slots=True)
class Nack:
    """As `Ack`, refused."""

    tags: tuple[object, ...]
    receipt: str | None


@dataclass(slots=True)
class Receipt:
    """Nothing to do but to answer `receipt`, after all that came before."""

    receipt: str


@dataclass(slots=True)
class Commit:
    """A transaction, each kind in its order: all of it is done or nothing.

    The driver does the SENDs first; when they are done, it settles `acks` by `StompSession.settle`. Without
    `acks_are_known` that is not possible for all of them. `held_receipts` are the `receipt` headers of the frames in
    it: they are answered before that of COMMIT, once all of it is done.
    """

    sends: list[Send]
    acks: list[Frame]
    receipt: str | None
    acks_are_known: bool = True
    held_receipts: tuple[str, ...] = ()


@dataclass(slots=True)
class Disconnect:
    """The client leaves: answer `receipt`, if there is one, then close."""

    receipt: str | None


Event = Connect | Send | Subscribe | Unsubscribe | Ack | Nack | Receipt | Commit | Disconnect
