"""The port that knows what the participants of a session show each other."""

from typing import Protocol

from domain.profile import Profile
from domain.rules.telling import Passing, Relation
from domain.standing import Standing


class Relations(Protocol):
    """Knows settings. Its answers may be a minute old."""

    async def between(self, kind: Passing, viewer: Profile, subject: Profile, standing: Standing) -> Relation:
        """What `viewer` and `subject` have chosen about `kind`, in a session of this standing. Raises `Unavailable`."""
        ...
