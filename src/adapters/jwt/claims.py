"""The claims of a token, read once. The verifier decides who may claim what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from domain.errors import Invalid
from domain.identifiers import Email, parse_email

MAX_NAME_LENGTH = 1_000
TIMES = ("exp", "iat", "nbf")


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a token, as far as they can be read.

    `address` is the e-mail address in `sub`, `email` that in the claim `email`, unless the issuer says
    `email_verified: false` (OpenID Connect Core 1.0, section 5.1). `name` is empty when there is none, or when it is
    too long or not printable. `unreadable_times` are the names of claims that should be times and are not.
    """

    issuer: str | None
    subject: str | None
    audiences: Sequence[str]
    address: Email | None
    email: Email | None
    name: str
    expires_at: datetime | None
    issued_at: datetime | None
    not_before: datetime | None
    unreadable_times: Sequence[str]

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Self:
        """The claims in the decoded JSON of a token."""
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        times = {name: _time(payload[name]) for name in TIMES if payload.get(name) is not None}
        subject = _text(payload.get("sub"))
        is_verified = payload.get("email_verified", True) is True
        return cls(
            issuer=_text(payload.get("iss")),
            subject=subject,
            audiences=[name for name in audiences if isinstance(name, str)],
            address=_address(subject),
            email=_address(payload.get("email")) if is_verified else None,
            name=_name(payload.get("name")),
            expires_at=times.get("exp"),
            issued_at=times.get("iat"),
            not_before=times.get("nbf"),
            unreadable_times=[name for name, time in times.items() if time is None],
        )

    def person(self, *, by_email_claim: bool) -> Email | None:
        """The address in `sub`. With `by_email_claim` that in the claim `email` when `sub` is not an address."""
        return self.address or (self.email if by_email_claim else None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _address(value: object) -> Email | None:
    try:
        return parse_email(value) if isinstance(value, str) else None
    except Invalid:
        return None


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME_LENGTH or not value.replace(" ", "").isprintable():
        return ""
    return value.strip()


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
