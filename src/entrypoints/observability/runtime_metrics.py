"""Metrics of the process and its parts: build, event loop, links, pools, HTTP (contract, section 10)."""

import platform
from collections.abc import Iterable
from importlib.metadata import version
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from application.delivery.message_intake import MessageIntake
from application.diagnostics.counters import Counters
from application.diagnostics.histogram import Histogram
from application.ports.broker import Broker
from entrypoints.observability.http_times import BUCKETS, HttpTimes
from entrypoints.observability.loop_lag import LoopLag
from entrypoints.store import Store


class RuntimeMetrics(Collector):
    """Collects the metrics of the process."""

    def __init__(
        self,
        server: str,
        counters: Counters,
        store: Store,
        broker: Broker,
        intake: MessageIntake,
        http_times: HttpTimes,
        loop_lag: LoopLag,
    ) -> None:
        self._labels = {"version": version("chat-service"), "python": platform.python_version(), "server": server}
        self._counters = counters
        self._store = store
        self._broker = broker
        self._intake = intake
        self._http_times = http_times
        self._loop_lag = loop_lag

    def collect(self) -> Iterable[Metric]:
        """The metrics."""
        build = GaugeMetricFamily("chat_build_info", "What runs here; always 1", labels=list(self._labels))
        build.add_metric(list(self._labels.values()), 1)
        yield build
        yield GaugeMetricFamily(
            "chat_event_loop_lag_seconds",
            "Longest delay of the event loop in the last 15 to 30 s",
            self._loop_lag.worst,
        )
        yield _histogram("chat_loop_lag_seconds", "Delays of the event loop, ten a second", self._loop_lag.seconds)
        yield _histogram(
            "chat_batch_seconds", "From the start of a batch of messages to its commit", self._intake.batch_seconds
        )
        yield GaugeMetricFamily("chat_pending_sends", "Sends that wait for the store", self._intake.pending)
        yield GaugeMetricFamily("chat_broker_up", "1 while the broker can be published to", self._broker.is_up)
        yield GaugeMetricFamily("chat_database_up", "1 without an outage of the database", self._store.failure is None)
        yield from self._pools()
        refusals = CounterMetricFamily(
            "chat_refusals", "Refused requests and sends, by the way they came and the code", labels=["route", "code"]
        )
        for labels, count in self._counters.refusals.items():
            refusals.add_metric(labels, count)
        yield refusals
        yield from self._http()

    def _pools(self) -> Iterable[Metric]:
        sizes = GaugeMetricFamily("chat_database_pool_size", "Connections that there may be", labels=["database"])
        in_use = GaugeMetricFamily("chat_database_pool_in_use", "Connections in use", labels=["database"])
        for pool in self._store.pools():
            sizes.add_metric([pool.database], pool.size)
            in_use.add_metric([pool.database], pool.in_use)
        yield sizes
        yield in_use

    def _http(self) -> Iterable[Metric]:
        times = self._http_times
        requests = CounterMetricFamily(
            "chat_http_requests", "Answered HTTP requests, without SockJS", labels=["route", "method", "status"]
        )
        for labels, count in times.requests.items():
            requests.add_metric(labels, count)
        yield requests
        seconds = HistogramMetricFamily(
            "chat_http_request_seconds", "From a request to the end of its answer", labels=["route", "method"]
        )
        bounds = [*map(str, BUCKETS), "+Inf"]
        for key, counts in times.counts.items():
            buckets = list(zip(bounds, map(float, accumulate(counts)), strict=True))
            seconds.add_metric(list(key), buckets=buckets, sum_value=times.totals[key])
        yield seconds


def _histogram(name: str, what: str, histogram: Histogram) -> Metric:
    bounds = [*map(str, histogram.bounds), "+Inf"]
    buckets = list(zip(bounds, map(float, accumulate(histogram.counts)), strict=True))
    return HistogramMetricFamily(name, what, buckets=buckets, sum_value=histogram.total)
