"""What every store promises of its outbox."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.outbox import FailedTry
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, envelope


class OutboxContract(Contract):
    @pytest.fixture
    async def owed(self, repositories: Repositories, chat: Chat) -> int:
        """Three entries a message, claimed for a minute."""
        await repositories.messages.append(chat.drafts(4), CLAIM, envelope)
        return 12

    async def test_entries_are_claimed_when_stored_and_due_after_the_claim(
        self, repositories: Repositories, owed: int
    ) -> None:
        outbox = repositories.outbox
        assert list(await outbox.claim(CLAIM, 100)) == []
        await repositories.pass_time(CLAIM)
        claimed = await outbox.claim(CLAIM, 100)
        assert len(claimed) == owed
        assert list(await outbox.claim(CLAIM, 100)) == []
        assert (await outbox.status()).pending == owed
        assert (await outbox.status()).oldest_pending_at == min(entry.created_at for entry in claimed)

    async def test_racing_claims_are_disjoint(self, repositories: Repositories, owed: int) -> None:
        await repositories.pass_time(CLAIM)
        claims = await asyncio.gather(*(repositories.outbox.claim(CLAIM, 2) for _ in range(10)))
        claimed = [entry.id for claim in claims for entry in claim]
        assert len(claimed) == len(set(claimed)) == owed

    @pytest.mark.parametrize("keep", [True, False])
    async def test_processed_entries_are_never_claimed_again(
        self, repositories: Repositories, owed: int, keep: bool
    ) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        entries = await outbox.claim(timedelta(), 100)
        await outbox.mark_processed([entry.id for entry in entries], keep=keep)
        assert list(await outbox.claim(CLAIM, 100)) == []
        assert (await outbox.status()).pending == 0
        assert await outbox.purge(timedelta(seconds=30), 100) == 0
        kept = owed if keep else 0
        await repositories.pass_time(timedelta(seconds=60))
        assert await outbox.purge(timedelta(seconds=30), 5) == min(5, kept)
        assert await outbox.purge(timedelta(seconds=30), 100) == max(0, kept - 5)

    async def test_released_entries_are_due_at_once(self, repositories: Repositories, owed: int) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        entries = await outbox.claim(timedelta(hours=1), 100)
        await outbox.release([entry.id for entry in entries])
        again = await outbox.claim(timedelta(hours=1), 100)
        assert len(again) == owed
        assert {entry.retry_count for entry in again} == {0}

    async def test_failed_entries_wait_and_dead_ones_until_requeued(
        self, repositories: Repositories, owed: int
    ) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        first, second, *_ = await outbox.claim(timedelta(days=9), 100)
        delay = timedelta(seconds=20)
        await outbox.mark_failed(
            [FailedTry(first.id, 1, delay, "Unroutable"), FailedTry(second.id, 10, None, "Unroutable")]
        )
        assert list(await outbox.claim(CLAIM, 100)) == []
        (dead,) = await outbox.dead(10)
        assert (dead.entry.id, dead.reason, dead.entry.retry_count) == (second.id, "Unroutable", 10)
        assert dead.died_at > dead.entry.created_at
        await repositories.pass_time(delay)
        (again,) = await outbox.claim(timedelta(days=9), 100)
        assert (again.id, again.retry_count) == (first.id, 1)
        assert (await outbox.status()).dead == 1
        assert await outbox.requeue([first.id]) == 0
        assert await outbox.requeue(None) == 1
        (risen,) = await outbox.claim(timedelta(days=9), 100)
        assert (risen.id, risen.retry_count) == (second.id, 0)

    async def test_only_dead_entries_are_dropped(self, repositories: Repositories, owed: int) -> None:
        outbox = repositories.outbox
        await repositories.pass_time(CLAIM)
        first, second, *_ = await outbox.claim(timedelta(days=9), 100)
        await outbox.mark_failed([FailedTry(first.id, 10, None, "Unroutable")])
        assert await outbox.drop([first.id, second.id]) == 1
        assert await outbox.drop([first.id]) == 0
        status = await outbox.status()
        assert (status.pending, status.dead) == (owed - 1, 0)
