"""Who may write into a session, and what of it is withheld from somebody who has blocked (contract, section 16)."""

from domain.errors import ChatError, SessionClosed, YouBlocked
from domain.identifiers import ProfileId
from domain.message import Message
from domain.standing import OPEN, Standing


def refusal(standing: Standing, writer: ProfileId) -> ChatError | None:
    """Why `writer` may not send, edit or react in a session of this standing. None when it may.

    Somebody who is blocked may: to that one nothing changes.
    """
    if standing is OPEN:
        return None
    if standing.is_closed:
        return SessionClosed()
    return YouBlocked() if writer in standing.blocks else None


def require_may_write(standing: Standing, writer: ProfileId) -> None:
    """Raises what `refusal` gives."""
    if (error := refusal(standing, writer)) is not None:
        raise error


def withholds(standing: Standing, receiver: ProfileId) -> bool:
    """Whether `receiver` is told nothing of what the other one does: it has blocked that one."""
    return standing is not OPEN and receiver in standing.blocks


def withheld(message: Message, standing: Standing, receiver: ProfileId) -> Message:
    """The message as it is to be stored, when its sender has just sent or edited it. It stays withheld for ever."""
    return message._replace(withheld=True) if withholds(standing, receiver) else message
