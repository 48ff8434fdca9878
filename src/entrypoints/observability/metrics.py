"""`/metrics`, in the text format of Prometheus (contract, section 10)."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from litestar import Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.caching.lookup import CachedProfileLookup
from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.stomp.connections import Connections
from application.diagnostics.counters import Counters
from entrypoints.observability.delivery_times import BUCKETS, DeliveryTimes
from entrypoints.observability.runtime_metrics import RuntimeMetrics
from entrypoints.observability.store_metrics import StoreMetrics
from entrypoints.observability.worker_metrics import WorkerMetrics

_CIRCUIT: Mapping[str, int] = {"closed": 0, "half-open": 1, "open": 2}


class ServiceMetrics(Collector):
    """Collects the counts of the service when they are scraped."""

    def __init__(
        self,
        counters: Counters,
        connections: Connections,
        delivery_times: DeliveryTimes,
        store: StoreMetrics,
        profiles: CachedProfileLookup,
        circuit: CircuitBreakingLookup,
        runtime: RuntimeMetrics,
    ) -> None:
        self._counters = counters
        self._connections = connections
        self._delivery_times = delivery_times
        self._store = store
        self._profiles = profiles
        self._circuit = circuit
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._registry.register(store)
        self._registry.register(runtime)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    async def text(self) -> str:
        """The metrics in the text format of Prometheus."""
        await self._store.refresh()
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterable[Metric]:
        """The metrics of this process."""
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

    def _delivery_seconds(self) -> Metric:
        times = self._delivery_times
        bounds = [*map(str, BUCKETS), "+Inf"]
        return HistogramMetricFamily(
            "chat_delivery_seconds",
            "From the commit of a message to its write to a socket",
            buckets=list(zip(bounds, map(float, accumulate(times.counts)), strict=True)),
            sum_value=times.total,
        )


@get("/metrics", include_in_schema=False)
async def metrics(
    service_metrics: NamedDependency[ServiceMetrics], worker_metrics: NamedDependency[WorkerMetrics]
) -> Response[bytes]:
    """The metrics of all workers."""
    text = await worker_metrics.complete(await service_metrics.text())
    return Response(text.encode(), headers={"Content-Type": CONTENT_TYPE_LATEST})  # has a charset
