"""Signs and verifies deliveries between instances, as not everybody who may publish on the broker is an instance."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

from aio_pika import Message
from aio_pika.abc import HeadersType
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from application.ports.clock import Clock

SIGNATURE_HEADER = "x-chat-signature"
SIGNED_AT_HEADER = "x-chat-signed-at"
MAX_AGE = 3600.0  # seconds; the clients of an instance that was disconnected for longer must resume
MAX_AHEAD = 300.0  # seconds that another instance's clock may be ahead of ours
MAX_BYTES = 1024 * 1024  # ten times what instances send

_PURPOSE = b"chat-service deliveries v1"


class Unverified(Exception):
    """No instance has signed the message, or not lately. The text says why, and quotes nothing of the message."""


class Unsigned(Unverified):
    """The message has no signature, like those of version 0.1.0."""


class Sealed(Protocol):
    """The signed parts of a message, and its headers, which contain the signature."""

    @property
    def content_type(self) -> str | None:
        """The content type of the body."""
        ...

    @property
    def app_id(self) -> str | None:
        """The instance that sent the message."""
        ...

    @property
    def message_id(self) -> str | None:
        """The id of the message."""
        ...

    @property
    def headers(self) -> HeadersType:
        """The headers, with the signature."""
        ...

    @property
    def body(self) -> bytes:
        """The body."""
        ...


class Seal:
    """Signs with HMAC-SHA256 and a key derived from the first of `secrets`. Verifies with all of them.

    Raises ValueError without any secret.
    """

    def __init__(self, secrets: Sequence[str], clock: Clock) -> None:
        if not secrets:
            raise ValueError("there is no key to sign with")
        self._keys = [_key(secret) for secret in secrets]
        self._clock = clock

    def sign(self, message: Message) -> None:
        """Adds the signature to the headers. The body and properties must not change afterwards."""
        signed_at = int(self._clock.now().timestamp())
        signature = _signature(self._keys[0], message, signed_at)
        message.headers = {**message.headers, SIGNED_AT_HEADER: signed_at, SIGNATURE_HEADER: signature}

    def verify(self, message: Sealed) -> None:
        """Raises `Unverified` unless an instance has signed `message` within the last hour."""
        signature, signed_at = (message.headers.get(name) for name in (SIGNATURE_HEADER, SIGNED_AT_HEADER))
        if len(message.body) > MAX_BYTES:
            raise Unverified("it is too large")
        if signature is None:
            raise Unsigned("it is not signed (nor are those of version 0.1.0: CHAT_BROKER_ACCEPT_UNSIGNED)")
        if not (isinstance(signature, str) and isinstance(signed_at, int) and signature.isascii()):
            raise Unverified("its signature cannot be read")
        if not any(hmac.compare_digest(_signature(key, message, signed_at), signature) for key in self._keys):
            raise Unverified("its signature is wrong")
        if not -MAX_AHEAD <= self._clock.now().timestamp() - signed_at <= MAX_AGE:
            raise Unverified("it was signed too long ago, or by a clock that is ahead of ours")


def _signature(key: bytes, message: Sealed, signed_at: int) -> str:
    code = hmac.new(key, digestmod=sha256)
    for part in (message.content_type, message.app_id, message.message_id, str(signed_at)):
        text = (part or "").encode()
        code.update(len(text).to_bytes(4, "big") + text)  # the length keeps the parts apart
    code.update(message.body)
    return code.hexdigest()


def _key(secret: str) -> bytes:
    """Derives a key for this purpose only. The broker knows the secret in its URL, and must not be able to use it."""
    return HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode())
