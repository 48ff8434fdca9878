"""The port for each side's own state of a session."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from application.ports.changes.message_changes import Operation
from domain.conversation import Activity, Conversation
from domain.identifiers import ProfileId, SessionId

ConversationRule = Callable[[Conversation, Activity, datetime], Conversation]
"""Gives the conversation as it is to be. The time is the store's."""


class ConversationRepository(Protocol):
    """Stores conversations. `SessionRepository.overview` shows them, and `SyncStore` tells that they have changed."""

    async def change(
        self, session_id: SessionId, reader: ProfileId, rule: ConversationRule, operation: Operation | None = None
    ) -> bool:
        """Stores what `rule` makes of the reader's side, and returns whether that is new. Durable on return.

        `reader` takes part in the session. A repeat of an `operation` within `OPERATIONS_KEPT` changes nothing.
        Concurrent calls for one side follow each other. Raises `SessionNotFound`, what `Operation.repeats` and `rule`
        raise, and `Unavailable`.
        """
        ...
