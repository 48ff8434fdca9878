"""The port for the sizes of tables and indexes, for operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TableSize:
    """The size of a table. The counts of rows are estimates. `dead_rows` take room until the store cleans them up."""

    name: str
    rows: int
    dead_rows: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True)
class StoreGrowth:
    """The sizes of tables, and of indexes by name.

    `oldest_transaction` is the age of the oldest open one, in seconds.
    """

    tables: Sequence[TableSize]
    index_octets: Mapping[str, int] = field(default_factory=dict)
    oldest_transaction: float = 0.0


class GrowthReader(Protocol):
    """Reads how large the store has become."""

    async def read(self) -> StoreGrowth:
        """Reads the sizes. Cheap for any size. Raises `Unavailable`."""
        ...
