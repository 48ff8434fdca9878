"""The ids under which a withheld message is shown: nobody can tell by them which message it is."""

from hashlib import blake2b
from typing import Final
from uuid import UUID

_HALF: Final = 8
_ROUNDS: Final = 6
_MESSAGE: Final = b"message"
_CLIENT: Final = b"client"


class WithheldIds:
    """Makes ids of ids, by a key, and back: a Feistel network whose rounds are keyed hashes."""

    def __init__(self, key: bytes) -> None:
        self._key = blake2b(key, person=b"withheld ids").digest()

    def disguised(self, message_id: UUID) -> UUID:
        """The `messageId` of a withheld message, as its receiver is shown it."""
        return self._run(message_id, _MESSAGE, range(_ROUNDS))

    def disguised_client_id(self, client_message_id: UUID) -> UUID:
        """The `clientMessageId`, in the same way."""
        return self._run(client_message_id, _CLIENT, range(_ROUNDS))

    def real(self, disguised: UUID) -> UUID:
        """The id of which `disguised` makes this one."""
        octets = disguised.bytes
        swapped = UUID(bytes=octets[_HALF:] + octets[:_HALF])
        back = self._run(swapped, _MESSAGE, range(_ROUNDS - 1, -1, -1)).bytes
        return UUID(bytes=back[_HALF:] + back[:_HALF])

    def _run(self, id_: UUID, kind: bytes, rounds: range) -> UUID:
        left, right = id_.bytes[:_HALF], id_.bytes[_HALF:]
        for number in rounds:
            mixed = blake2b(right + bytes([number]), key=self._key, person=kind, digest_size=_HALF).digest()
            left, right = right, bytes(octet ^ noise for octet, noise in zip(left, mixed, strict=True))
        return UUID(bytes=left + right)
