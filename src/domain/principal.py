"""Principals: who a token says is calling, and for whom it may act (contract, section 4)."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import NotYourself
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


Principal = User | Service
