"""Where a client may put its token (contract, section 4)."""

from collections.abc import Mapping


def authorization_of(headers: Mapping[str, str]) -> str | None:
    """The value of the header `Authorization`, which may also be written in lower case. None without it."""
    return headers.get("Authorization", headers.get("authorization"))


def passcode_authorization(headers: Mapping[str, str]) -> str | None:
    """The `passcode` of CONNECT as the value of an `Authorization` header. It may begin with `Bearer`."""
    passcode = headers.get("passcode")
    if not passcode or passcode[:7].lower() == "bearer ":
        return passcode
    return f"Bearer {passcode}"
