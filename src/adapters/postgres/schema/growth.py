"""The sizes of the tables, from PostgreSQL's own statistics."""

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.schema.tables import metadata
from application.ports.growth import StoreGrowth, TableSize

_OURS = "(SELECT to_regclass(name) FROM unnest($1::text[]) AS ours(name))"
_TABLES = f"""
    SELECT relname, n_live_tup, n_dead_tup, pg_table_size(relid) AS octets
    FROM pg_stat_user_tables WHERE relid IN {_OURS} ORDER BY relname
"""  # noqa: S608 - made of constants
_INDEXES = f"""
    SELECT indexrelname, pg_relation_size(indexrelid) AS octets
    FROM pg_stat_user_indexes WHERE relid IN {_OURS} ORDER BY indexrelname
"""  # noqa: S608 - made of constants
# Of another database's transactions the vacuum of this one takes no notice.
_OLDEST_TRANSACTION = """
    SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::float8
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class PostgresGrowthReader:
    """Reads the sizes of the service's tables and indexes, and the age of the oldest transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self) -> StoreGrowth:
        """Reads them once. The numbers of rows are PostgreSQL's estimates. Raises `Unavailable`."""
        names = [table.name for table in metadata.sorted_tables]
        async with driver_connection(self._engine) as connection:
            tables = await connection.fetch(_TABLES, names)
            indexes = await connection.fetch(_INDEXES, names)
            oldest: float = await connection.fetchval(_OLDEST_TRANSACTION)
        return StoreGrowth(
            [TableSize(row["relname"], row["n_live_tup"], row["n_dead_tup"], row["octets"]) for row in tables],
            {row["indexrelname"]: row["octets"] for row in indexes},
            oldest,
        )
