"""The cached directory of profiles over PostgreSQL."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.profiles import PostgresProfileDirectory
from application.ports.profiles import ProfileDirectory
from tests.contract import test_profiles


class TestCachedDirectoryOnPostgres(test_profiles.TestCachedDirectory):
    @pytest.fixture
    def directory(self, engine: AsyncEngine) -> ProfileDirectory:
        return PostgresProfileDirectory(engine)
