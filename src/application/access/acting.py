"""For whom a command is carried out (contract, section 11)."""

from application.access.participants import Participants, Participation
from domain.identifiers import Email, SessionId
from domain.principal import Principal


async def acting(
    participants: Participants, principal: Principal, session_id: SessionId, email: Email | None
) -> Participation:
    """The participation of who acts in a session.

    `email` is whose it is; a user may leave it out. Raises `Invalid`, `NotYourself`, `SessionNotFound`,
    `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
    """
    email = principal.acting_for(email)
    session = await participants.session(session_id)
    return await participants.participation(session.id, email, session.intent)
