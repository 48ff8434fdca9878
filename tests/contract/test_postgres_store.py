"""PostgreSQL keeps what every store promises."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.messages import PostgresMessageRepository
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions import PostgresSessionRepository
from tests.contract import store_contract as contract


class OnPostgres:
    @pytest.fixture
    def repositories(self, engine: AsyncEngine) -> contract.Repositories:
        return contract.Repositories(
            PostgresSessionRepository(engine),
            PostgresMessageRepository(engine),
            PostgresOutbox(engine),
            PostgresProfileDirectory(engine),
        )


class TestSessions(OnPostgres, contract.SessionRepositoryContract): ...


class TestSessionOverview(OnPostgres, contract.SessionOverviewContract): ...


class TestMessages(OnPostgres, contract.MessageRepositoryContract): ...


class TestOutbox(OnPostgres, contract.OutboxContract): ...


class TestProfileDirectory(OnPostgres, contract.ProfileDirectoryContract): ...
