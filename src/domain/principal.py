"""Who is calling, and as whom it may act (contract, section 4)."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import NotYourself
from domain.identifiers import Email


@dataclass(frozen=True, slots=True)
class User:
    """A person, known by the `sub` of its token, in its canonical form. `display_name` is what the token claims."""

    email: Email
    expires_at: datetime
    display_name: str = ""

    @property
    def name(self) -> str:
        """The name under which its user destinations are addressed."""
        return self.email

    def require(self, email: Email, field: str) -> None:
        """A user acts only as itself. Raises `NotYourself`."""
        if email != self.email:
            raise NotYourself(f"{field} must be the address in the token", field=field)


@dataclass(frozen=True, slots=True)
class Service:
    """A trusted service: may act for any user."""

    service: str
    expires_at: datetime

    @property
    def name(self) -> str:
        return f"service:{self.service}"

    def require(self, email: Email, field: str) -> None:
        """A service acts for anybody."""


Principal = User | Service
