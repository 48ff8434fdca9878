"""What every store tells of its size."""

from application.ports.growth import StoreGrowth
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.eventually import eventually_some
from tests.support.people import CLAIM, envelope


class GrowthContract(Contract):
    async def test_rows_are_counted_by_table(self, repositories: Repositories, chat: Chat) -> None:
        await repositories.messages.append(chat.drafts(4), CLAIM, envelope)

        async def counted() -> StoreGrowth | None:
            """Once the estimates have followed."""
            growth = await repositories.growth.read()
            rows = {table.name: table.rows for table in growth.tables}
            wanted = {"chat_sessions": 1, "chat_messages": 4, "chat_message_outbox": 12}
            return growth if wanted.items() <= rows.items() else None

        growth = await eventually_some(counted, within=30)
        assert growth is not None
        assert growth.oldest_transaction >= 0
