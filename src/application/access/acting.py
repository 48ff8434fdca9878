"""For whom a command is carried out (contract, section 11)."""

from application.access.participants import Participants, Participation
from domain.errors import Invalid
from domain.identifiers import Email, SessionId
from domain.principal import Principal, Service


def acting_email(principal: Principal, email: Email | None) -> Email:
    """The address of who acts: that of the calling user, unless `email` says it.

    Raises `Invalid` when a service names nobody, and `NotYourself` when a user names somebody else.
    """
    if email is None:
        if isinstance(principal, Service):
            raise Invalid("email is missing: a service says for whom it acts", field="email")
        email = principal.email
    principal.require(email, "email")
    return email


async def acting(
    participants: Participants, principal: Principal, session_id: SessionId, email: Email | None
) -> Participation:
    """The participation of who acts in a session.

    Raises what `acting_email` raises, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
    """
    email = acting_email(principal, email)
    session = await participants.session(session_id)
    return await participants.participation(session.id, email, session.intent)
