"""The errors of a client in STOMP. The answer to each is ERROR, then the connection is closed."""

from collections.abc import Mapping

from domain.errors import Malformed


class ProtocolError(Malformed):
    """The client broke the protocol.

    `receipt_id` is the `receipt` of the frame at fault, if it could be read. `headers` are more headers for ERROR.
    `detail` never quotes the client.
    """

    title = "The frame breaks the STOMP protocol"

    def __init__(
        self, detail: str = "", *, receipt_id: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.receipt_id = receipt_id
        self.headers: Mapping[str, str] = headers or {}


class FrameTooLarge(ProtocolError):
    """A frame, a header line or the number of headers is over its limit."""

    code = "too-large"
    title = "The frame is too large"


class LimitExceeded(ProtocolError):
    """The connection has too many subscriptions, transactions or messages that wait for their ACK."""

    code = "rate-limited"
    title = "Too much is open on this connection"


class UnsupportedVersion(ProtocolError):
    """There is no common STOMP version. `headers` has the list `version`."""

    code = "unsupported-version"
    title = "No STOMP version in common"
