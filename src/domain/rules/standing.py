"""Who may still write into a session: send, edit, react and type (contract, section 16)."""

from domain.errors import ChatError, SessionClosed
from domain.standing import OPEN, Standing


def refusal(standing: Standing) -> ChatError | None:
    """Why nobody may write into a session of this standing. None when they may."""
    if standing is OPEN:
        return None
    return SessionClosed() if standing.is_closed else None


def require_open(standing: Standing) -> None:
    """Raises what `refusal` gives."""
    if (error := refusal(standing)) is not None:
        raise error
