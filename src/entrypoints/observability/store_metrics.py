"""Metrics of the outbox and of the sizes of tables (contract, section 10)."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.ports.clock import Clock
from application.ports.growth import GrowthReader, StoreGrowth
from application.ports.outbox import Outbox, OutboxStatus
from entrypoints.observability.seldom_read import SeldomRead

OUTBOX_PAUSE = 1.0
GROWTH_PAUSE = 30.0


class StoreMetrics(Collector):
    """Collects the metrics of the store."""

    def __init__(self, outbox: Outbox, growth: GrowthReader, clock: Clock) -> None:
        self._clock = clock
        self._read_outbox = SeldomRead(outbox.status, OUTBOX_PAUSE)
        self._read_growth = SeldomRead(growth.read, GROWTH_PAUSE)
        self._outbox: OutboxStatus | None = None
        self._growth: StoreGrowth | None = None

    async def refresh(self) -> None:
        """Reads the figures that are due."""
        self._outbox, self._growth = await asyncio.gather(self._read_outbox.figure(), self._read_growth.figure())

    def collect(self) -> Iterable[Metric]:
        """The metrics, as of the last refresh."""
        if self._outbox is not None:
            yield from _of_outbox(self._outbox, self._clock.now())
        if self._growth is not None:
            yield from _of_growth(self._growth)


def _of_outbox(status: OutboxStatus, now: datetime) -> Iterable[Metric]:
    oldest = status.oldest_pending_at
    age = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    yield GaugeMetricFamily("chat_outbox_pending", "Outbox entries not yet processed nor dead", status.pending)
    yield GaugeMetricFamily("chat_outbox_dead_rows", "Outbox entries given up and still there", status.dead)
    yield GaugeMetricFamily("chat_outbox_oldest_pending_seconds", "Age of the oldest of them", age)
    yield GaugeMetricFamily(
        "chat_database_snapshot_age", "Transactions since the oldest snapshot still held", status.snapshot_age
    )


def _of_growth(growth: StoreGrowth) -> Iterable[Metric]:
    yield GaugeMetricFamily(
        "chat_database_oldest_transaction_seconds", "Age of the oldest open transaction", growth.oldest_transaction
    )
    tables = growth.tables
    rows = {table.name: table.rows for table in tables}
    yield _labelled("chat_database_table_rows", "Rows, estimated", "table", rows)
    dead = {table.name: table.dead_rows for table in tables}
    yield _labelled("chat_database_table_dead_rows", "Row versions that wait for a vacuum, estimated", "table", dead)
    octets = {table.name: table.octets for table in tables}
    yield _labelled("chat_database_table_bytes", "Size of the table without its indexes", "table", octets)
    yield _labelled("chat_database_index_bytes", "Size of the index", "index", growth.index_octets)


def _labelled(name: str, description: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, description, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
