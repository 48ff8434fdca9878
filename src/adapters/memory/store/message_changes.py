"""Changes of messages in memory."""

from collections.abc import Collection, Mapping

import msgspec

from adapters.memory.store.contents import InMemoryStore
from application.ports.changes.message_changes import Changed, Operation, Place, Rewrite, Rule
from domain.changes import UNCHANGED
from domain.errors import MessageNotFound
from domain.identifiers import MessageId, SessionId
from domain.message import Message


class InMemoryMessageChanges:
    """Changes messages of an in-memory store. Nothing here awaits, so each call is a transaction."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def change(
        self,
        session_id: SessionId,
        message_id: MessageId,
        rule: Rule,
        rewrite: Rewrite,
        operation: Operation | None = None,
    ) -> Changed:
        """See `MessageChanges.change`."""
        store = self._store
        if store.places.get(message_id, (None, 0))[0] != session_id:
            raise MessageNotFound
        before = store.message(message_id)
        if store.is_repeated(operation):
            return Changed(before, is_new=False)
        standing = store.standing(session_id)
        after = rule(before, store.clock.now(), standing)
        store.remember(operation)
        if after == before:
            return Changed(before, is_new=False)
        store.replace(after)
        store.note_change(after)
        if after.content != before.content and (not after.withheld or after.changes.deleted_at is not None):
            self._rewrite(after.id, rewrite(after))
        return Changed(after, True, standing)

    async def at(self, places: Collection[Place]) -> Mapping[Place, Message]:
        """See `MessageChanges.at`."""
        return self._store.messages_at(places)

    async def present(self, message_ids: Collection[MessageId]) -> Mapping[MessageId, Message]:
        """See `MessageChanges.present`."""
        known = (self._store.message(message_id) for message_id in message_ids if message_id in self._store.places)
        return {
            message.id: message for message in known if message.changes is not UNCHANGED or message.reply_to is not None
        }

    def _rewrite(self, message_id: MessageId, fields: Mapping[str, object]) -> None:
        for row in self._store.outbox.values():
            payload = msgspec.json.decode(row.entry.payload)
            if payload.get("messageId") == str(message_id):
                row.entry = row.entry._replace(payload=msgspec.json.encode({**payload, **fields}).decode())
