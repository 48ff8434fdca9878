"""Principals: who a token says is calling, and for whom it may act (contract, section 4)."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Invalid, NotYourself
from domain.identifiers import Email


@dataclass(frozen=True, slots=True)
class User:
    """A person. `email` is the canonical form of the token's `sub`, `display_name` comes from the token too."""

    email: Email
    expires_at: datetime
    display_name: str = ""

    @property
    def name(self) -> str:
        """The name of this user in user destinations."""
        return self.email

    def require(self, email: Email, field: str) -> None:
        """Checks that this user acts as itself. Raises `NotYourself` when `email` is another address."""
        if email != self.email:
            raise NotYourself(f"{field} must be the address in the token", field=field)

    def acting_for(self, email: Email | None, field: str = "email") -> Email:
        """The address of this user, which it may leave out (contract, section 11). Raises `NotYourself`."""
        if email is not None:
            self.require(email, field)
        return self.email


@dataclass(frozen=True, slots=True)
class Service:
    """A trusted service. It may act for any user."""

    service: str
    expires_at: datetime

    @property
    def name(self) -> str:
        """The name of this service in user destinations."""
        return f"service:{self.service}"

    def require(self, email: Email, field: str) -> None:
        """Accepts every address: a service may act for anybody."""

    def acting_for(self, email: Email | None, field: str = "email") -> Email:
        """The given address. Raises `Invalid` when there is none: a service says for whom it acts."""
        if email is None:
            raise Invalid(f"{field} is missing: a service says for whom it acts", field=field)
        return email


Principal = User | Service
