"""The ports for profiles: the lookup, which may ask FlairBit, and our own directory of the profiles seen so far."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile


class ProfileLookup(Protocol):
    """Finds the profile of a person for an intent."""

    async def find(self, email: Email, intent: Intent) -> Profile:
        """The profile of `email` for `intent`.

        Raises `ProfileNotFound` when there is none, `BadAnswer` when the answer about this one is unusable, and
        `DirectoryUnavailable` when no lookup works right now.
        """
        ...


class ProfileDirectory(Protocol):
    """Every profile that took part in a session. Routing and display names need it while FlairBit is away."""

    @property
    def changes(self) -> int:
        """Counts the changes of known profiles that this instance has learned. Use it to invalidate caches."""
        ...

    async def remember(self, profiles: Iterable[Profile]) -> None:
        """Adds the profiles, or updates their e-mail and display name.

        One profile has an address for an intent. A profile that had it before gets `NO_EMAIL`.
        Raises `Unavailable`.
        """
        ...

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        """Does what `remember` does, but ignores profiles whose id and address are both new.

        Returns the profiles that the directory has now. Raises `Unavailable`.
        """
        ...

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        """The known profiles among `profile_ids`, in no particular order. Raises `Unavailable`."""
        ...

    async def of_email(self, email: Email) -> Sequence[Profile]:
        """The profiles of one person, one for each intent. Raises `Unavailable`."""
        ...

    async def of_emails(self, emails: Collection[Email]) -> Mapping[Email, Sequence[Profile]]:
        """What `of_email` gives for each of these people. Raises `Unavailable`."""
        ...
