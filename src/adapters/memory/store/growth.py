"""The size of the store in memory."""

from adapters.memory.store.contents import InMemoryStore
from application.ports.growth import StoreGrowth, TableSize


class InMemoryGrowthReader:
    """Counts the rows of `store`."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def read(self) -> StoreGrowth:
        """See `GrowthReader.read`."""
        counts = {
            "chat_sessions": len(self._store.sessions),
            "chat_messages": len(self._store.places),
            "chat_message_outbox": len(self._store.outbox),
        }
        return StoreGrowth([TableSize(name, rows) for name, rows in counts.items()])
