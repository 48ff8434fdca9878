"""`/metrics`, in the text format of Prometheus (contract, section 10)."""

import asyncio
from collections.abc import Iterable, Mapping
from itertools import accumulate
from time import monotonic, time

from litestar import Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.caching.lookup import CachedProfileLookup
from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.stomp.connections import Connections
from application.diagnostics.counters import Counters
from application.ports.outbox import Outbox, OutboxStatus
from domain.errors import Unavailable
from entrypoints.observability.delivery_times import BUCKETS, DeliveryTimes
from entrypoints.observability.runtime_metrics import RuntimeMetrics
from entrypoints.observability.worker_metrics import Siblings

OUTBOX_TIMEOUT = 2.0
OUTBOX_MAX_AGE = 1.0  # so often at most the table is asked, however many scrape


_CIRCUIT: Mapping[str, int] = {"closed": 0, "half-open": 1, "open": 2}


class ServiceMetrics(Collector):
    """What the service counts anyway, told when it is asked for."""

    def __init__(
        self,
        counters: Counters,
        connections: Connections,
        delivery_times: DeliveryTimes,
        outbox: Outbox,
        profiles: CachedProfileLookup,
        circuit: CircuitBreakingLookup,
        runtime: RuntimeMetrics,
    ) -> None:
        self._counters = counters
        self._connections = connections
        self._delivery_times = delivery_times
        self._outbox = outbox
        self._profiles = profiles
        self._circuit = circuit
        self._status: OutboxStatus | None = None
        self._asked_at = float("-inf")
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._registry.register(runtime)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    async def text(self) -> str:
        """Without the outbox's gauges while the database is away: no figure rather than a wrong one."""
        if monotonic() - self._asked_at > OUTBOX_MAX_AGE:
            self._asked_at = monotonic()
            try:
                async with asyncio.timeout(OUTBOX_TIMEOUT):
                    self._status = await self._outbox.status()
            except (Unavailable, TimeoutError):
                self._status = None
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterable[Metric]:
        counters = self._counters
        yield CounterMetricFamily(
            "chat_outbox_processed", "Outbox entries that the broker has confirmed", counters.outbox_processed
        )
        yield CounterMetricFamily("chat_outbox_failed", "Failed tries of outbox entries", counters.outbox_failed)
        yield CounterMetricFamily("chat_outbox_dead", "Outbox entries given up", counters.outbox_dead)
        yield CounterMetricFamily("chat_duplicates", "Sends that repeated a stored message", counters.duplicates)
        yield CounterMetricFamily(
            "chat_slow_consumers_closed",
            "Connections closed because their client read too slowly",
            counters.slow_consumers_closed,
        )
        yield CounterMetricFamily(
            "chat_broker_rejected",
            "Messages on the exchange of deliveries that no instance has signed",
            counters.broker_rejected,
        )
        messages = CounterMetricFamily("chat_messages", "Messages stored, by the route they came", labels=["route"])
        for route in ("http", "stomp", "amqp"):
            messages.add_metric([route], counters.messages[route])
        yield messages
        yield CounterMetricFamily("chat_profile_cache_hits", "Profiles found in the cache", self._profiles.hits)
        yield CounterMetricFamily("chat_profile_cache_misses", "Profiles asked for", self._profiles.misses)
        yield GaugeMetricFamily(
            "chat_circuit_state", "FlairBit's circuit: 0 closed, 1 half-open, 2 open", _CIRCUIT[self._circuit.state]
        )
        yield GaugeMetricFamily("chat_connections", "Open STOMP connections", len(self._connections))
        yield self._delivery_seconds()
        yield from self._outbox_gauges()

    def _delivery_seconds(self) -> Metric:
        times = self._delivery_times
        bounds = [*map(str, BUCKETS), "+Inf"]
        return HistogramMetricFamily(
            "chat_delivery_seconds",
            "From the commit of a message to its write to a socket",
            buckets=list(zip(bounds, map(float, accumulate(times.counts)), strict=True)),
            sum_value=times.total,
        )

    def _outbox_gauges(self) -> Iterable[Metric]:
        status = self._status
        if status is None:
            return
        oldest = status.oldest_pending_at
        age = 0.0 if oldest is None else max(0.0, time() - oldest.timestamp())
        yield GaugeMetricFamily("chat_outbox_pending", "Outbox entries not yet processed nor dead", status.pending)
        yield GaugeMetricFamily("chat_outbox_dead_rows", "Outbox entries given up and still there", status.dead)
        yield GaugeMetricFamily("chat_outbox_oldest_pending_seconds", "Age of the oldest of them", age)
        yield GaugeMetricFamily(
            "chat_database_snapshot_age", "Transactions since the oldest snapshot still held", status.snapshot_age
        )


@get("/metrics", include_in_schema=False)
async def metrics(
    service_metrics: NamedDependency[ServiceMetrics], siblings: NamedDependency[Siblings]
) -> Response[bytes]:
    text = await siblings.complete(await service_metrics.text())
    return Response(text.encode(), headers={"Content-Type": CONTENT_TYPE_LATEST})  # which names its charset itself
