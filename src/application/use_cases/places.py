"""Places in a session, from which a reader asks for messages."""

from application.ports.messages import MessageRepository
from domain.errors import MessageNotFound
from domain.identifiers import MessageId, SessionId
from domain.rules.withheld_ids import WithheldIds

Place = int | MessageId
"""A `seq`, or the id of a message."""


async def seq_at(messages: MessageRepository, session_id: SessionId, place: Place, withheld_ids: WithheldIds) -> int:
    """The `seq` of a place (contract, section 11). The id of a message may be that of a withheld one as it is shown.

    Raises `MessageNotFound` when the session has no message with this id, and `Unavailable`.
    """
    if isinstance(place, int):
        return place
    seq = await messages.seq_of(session_id, place)
    if seq is None:
        seq = await messages.seq_of(session_id, MessageId(withheld_ids.real(place)))
    if seq is None:
        raise MessageNotFound
    return seq
