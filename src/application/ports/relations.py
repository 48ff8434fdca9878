"""The port that knows what the participants of a session show each other."""

from typing import Protocol

from domain.profile import Profile
from domain.rules.telling import Passing, Relation


class Relations(Protocol):
    """Knows settings and blocks. Its answers may be a minute old."""

    async def between(self, kind: Passing, viewer: Profile, subject: Profile) -> Relation:
        """What `viewer` and `subject` have chosen about `kind`. Raises `Unavailable`."""
        ...
