"""Deliveries between instances are signed: not everybody who may publish on the broker is one of us."""

import hmac
from collections.abc import Callable, Sequence
from hashlib import sha256
from time import time
from typing import Protocol

from aio_pika import Message
from aio_pika.abc import HeadersType
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SIGNATURE_HEADER = "x-chat-signature"
SIGNED_AT_HEADER = "x-chat-signed-at"
MAX_AGE = 3600.0  # in seconds; an instance that was cut off for longer has to ask its clients to resume
MAX_AHEAD = 300.0  # how far another instance's clock may be ahead of ours
MAX_BYTES = 1024 * 1024  # what instances send is a tenth of it

_PURPOSE = b"chat-service deliveries v1"


class Unverified(Exception):
    """The text says why, and quotes nothing."""


class Unsigned(Unverified):
    """As those of version 0.1.0 are."""


class Sealed(Protocol):
    """What is signed of a message."""

    @property
    def content_type(self) -> str | None: ...
    @property
    def app_id(self) -> str | None: ...
    @property
    def message_id(self) -> str | None: ...
    @property
    def headers(self) -> HeadersType: ...
    @property
    def body(self) -> bytes: ...


class Seal:
    """HMAC-SHA256 by keys made from `secrets`: the first one signs, all verify."""

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time) -> None:
        if not secrets:
            raise ValueError("there is no key to sign with")
        self._keys = [_key(secret) for secret in secrets]
        self._clock = clock

    def sign(self, message: Message) -> None:
        """Adds the headers; nothing else of `message` may change afterwards."""
        signed_at = int(self._clock())
        signature = _signature(self._keys[0], message, signed_at)
        message.headers = {**message.headers, SIGNED_AT_HEADER: signed_at, SIGNATURE_HEADER: signature}

    def verify(self, message: Sealed) -> None:
        """Raises `Unverified` for what none of us signed, or not lately."""
        signature, signed_at = (message.headers.get(name) for name in (SIGNATURE_HEADER, SIGNED_AT_HEADER))
        if len(message.body) > MAX_BYTES:
            raise Unverified("it is too large")
        if signature is None:
            raise Unsigned("it is not signed (nor are those of version 0.1.0: CHAT_BROKER_ACCEPT_UNSIGNED)")
        if not (isinstance(signature, str) and isinstance(signed_at, int) and signature.isascii()):
            raise Unverified("its signature cannot be read")
        if not any(hmac.compare_digest(_signature(key, message, signed_at), signature) for key in self._keys):
            raise Unverified("its signature is wrong")
        if not -MAX_AHEAD <= self._clock() - signed_at <= MAX_AGE:
            raise Unverified("it was signed too long ago, or by a clock that is ahead of ours")


def _signature(key: bytes, message: Sealed, signed_at: int) -> str:
    code = hmac.new(key, digestmod=sha256)
    for part in (message.content_type, message.app_id, message.message_id, str(signed_at)):
        text = (part or "").encode()
        code.update(len(text).to_bytes(4, "big") + text)  # so that no two messages are signed alike
    code.update(message.body)
    return code.hexdigest()


def _key(secret: str) -> bytes:
    """Of use for nothing else that knows the secret, as the broker does that of its URL."""
    return HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode())
