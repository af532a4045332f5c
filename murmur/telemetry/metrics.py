"""Prometheus metrics of a process. Labels are few and bounded: subgraph, worker, outcome; never an id or a document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

CounterName = Literal[
    "murmur_requests_total",
    "murmur_subgraph_fetches_total",
    "murmur_events_published_total",
    "murmur_events_consumed_total",
    "murmur_deliveries_total",
    "murmur_dead_letters_total",
    "murmur_timeline_rebuilds_total",
    "murmur_timeline_outages_total",
    "murmur_cache_lookups_total",
    "murmur_subscription_events_total",
]
HistogramName = Literal["murmur_request_seconds", "murmur_subgraph_fetch_seconds", "murmur_fanout_delay_seconds"]
GaugeName = Literal[
    "murmur_requests_in_flight", "murmur_consumer_lag", "murmur_subscriptions", "murmur_subscription_runs", "murmur_sockets"
]

_COUNTERS: dict[CounterName, tuple[str, tuple[str, ...]]] = {
    "murmur_requests_total": ("GraphQL requests answered", ("outcome",)),
    "murmur_subgraph_fetches_total": ("Fetches sent to subgraphs", ("subgraph", "outcome")),
    "murmur_events_published_total": ("Events moved from an outbox to the broker", ("outbox",)),
    "murmur_events_consumed_total": ("Events that a worker has processed", ("worker", "outcome")),
    "murmur_deliveries_total": ("Timeline entries written by fanout", ()),
    "murmur_dead_letters_total": ("Events that a worker gave up on", ("worker",)),
    "murmur_timeline_rebuilds_total": ("Home timelines rebuilt from the stores", ()),
    "murmur_timeline_outages_total": ("Calls to the store of timelines that were done without, as it did not answer", ()),
    "murmur_cache_lookups_total": ("Tweets and profiles looked up in the cache", ("kind", "outcome")),
    "murmur_subscription_events_total": ("Events of subscriptions completed for clients", ("door",)),
}
_HISTOGRAMS: dict[HistogramName, tuple[str, tuple[str, ...]]] = {
    "murmur_request_seconds": ("Time to answer a GraphQL request", ("kind",)),
    "murmur_subgraph_fetch_seconds": ("Time of a fetch from a subgraph", ("subgraph",)),
    "murmur_fanout_delay_seconds": ("From an event's cause to the end of its fanout", ()),
}
_GAUGES: dict[GaugeName, tuple[str, tuple[str, ...]]] = {
    "murmur_requests_in_flight": ("GraphQL requests being answered", ()),
    "murmur_consumer_lag": ("Records that a consumer group has not committed", ("group",)),
    "murmur_subscriptions": ("Subscriptions that run", ("door",)),
    "murmur_subscription_runs": ("Subscriptions that run, those that clients share counted once", ()),
    "murmur_sockets": ("WebSockets that are open", ()),
}
_SECONDS: tuple[float, ...] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Observed:
    """What a histogram without labels has come to: how often something was observed, how often it was at most a second, and
    the sum of all in seconds."""

    count: int
    within_second: int
    seconds: float


class Metrics:
    """One registry; the composition root makes it and hands it down."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._counters = {
            name: Counter(name, text, labels, registry=self._registry) for name, (text, labels) in _COUNTERS.items()
        }
        self._histograms = {
            name: Histogram(name, text, labels, registry=self._registry, buckets=_SECONDS)
            for name, (text, labels) in _HISTOGRAMS.items()
        }
        self._gauges = {name: Gauge(name, text, labels, registry=self._registry) for name, (text, labels) in _GAUGES.items()}

    def count(self, name: CounterName, *labels: str, by: float = 1) -> None:
        self._counter(name, labels).inc(by)

    def observe(self, name: HistogramName, value: float, *labels: str) -> None:
        self._histogram(name, labels).observe(value)

    def counted(self, name: CounterName) -> Mapping[tuple[str, ...], int]:
        """What a counter has come to, by its labels."""
        samples = (sample for metric in self._counters[name].collect() for sample in metric.samples if sample.name == name)
        return {tuple(sample.labels[label] for label in _COUNTERS[name][1]): int(sample.value) for sample in samples}

    def observed(self, name: HistogramName) -> Observed:
        """`name` is a histogram without labels."""
        values = {
            sample.name.removeprefix(name) + sample.labels.get("le", ""): sample.value
            for metric in self._histograms[name].collect()
            for sample in metric.samples
        }
        return Observed(int(values["_count"]), int(values["_bucket1.0"]), values["_sum"])

    def gauge(self, name: GaugeName, value: float, *labels: str) -> None:
        gauge = self._gauges[name]
        (gauge.labels(*labels) if labels else gauge).set(value)

    def watch(self, name: GaugeName, value: Callable[[], float], *labels: str) -> None:
        """Ask for a gauge's value whenever the metrics are read."""
        gauge = self._gauges[name]
        (gauge.labels(*labels) if labels else gauge).set_function(value)

    # Looking up a child by its labels costs the client library several microseconds, on every request; labels are few.
    @cache  # noqa: B019 (one registry a process)
    def _counter(self, name: CounterName, labels: tuple[str, ...]) -> Counter:
        return self._counters[name].labels(*labels) if labels else self._counters[name]

    @cache  # noqa: B019 (one registry a process)
    def _histogram(self, name: HistogramName, labels: tuple[str, ...]) -> Histogram:
        return self._histograms[name].labels(*labels) if labels else self._histograms[name]

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
