"""Who a person is for an intent (asked of FlairBit), and the directory of everyone seen so far (kept by us)."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile


class ProfileLookup(Protocol):
    async def find(self, email: Email, intent: Intent) -> Profile:
        """The profile of `email` for `intent`.

        Raises `ProfileNotFound` when there is none, `BadAnswer` when nothing usable is said about this one, and
        `DirectoryUnavailable` when nobody can be found out right now.
        """
        ...


class ProfileDirectory(Protocol):
    """Every profile that took part in a session, so that routing and display names go on while FlairBit is away."""

    @property
    def changes(self) -> int:
        """Grows with every change of a known profile that is learned here: what was derived before may be outdated."""
        ...

    async def remember(self, profiles: Iterable[Profile]) -> None:
        """Adds the profiles, or brings their e-mail and display name up to date.

        An address is that of one profile for an intent: whoever had it before has `NO_EMAIL` from now on.
        Raises `Unavailable`.
        """
        ...

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        """As `remember`, but a profile whose id and address are both new here is not added; gives those that are here.

        Raises `Unavailable`.
        """
        ...

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        """The known ones among `profile_ids`, in no order. Raises `Unavailable`."""
        ...

    async def of_email(self, email: Email) -> Sequence[Profile]:
        """The profiles of one person, one for each intent seen. Raises `Unavailable`."""
        ...
