"""Puts the analytics subgraph together."""

from dataclasses import dataclass
from pathlib import Path

from murmur.clock import Clock
from murmur.errors import UnknownScheme
from murmur.ids import IdSource
from murmur.runtime.subgraph import Subgraph
from murmur.sqlite import path_of
from murmur.urls import MONGODB_SCHEMES
from subgraphs.analytics.ports import AnalyticsStore, Log, Tweets
from subgraphs.analytics.schema import AnalyticsContext, build_schema
from subgraphs.analytics.service import AnalyticsService, Recording
from subgraphs.analytics.stores.sqlite import SqliteAnalytics


@dataclass(frozen=True, slots=True)
class AnalyticsRoom:
    subgraph: Subgraph
    service: AnalyticsService
    store: AnalyticsStore


def open_store(url: str, data_dir: Path) -> AnalyticsStore:
    """The store that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return SqliteAnalytics(path_of(url, data_dir, "analytics"))
    if scheme in MONGODB_SCHEMES:
        from subgraphs.analytics.stores.mongodb import MongoAnalytics

        return MongoAnalytics(url)
    raise UnknownScheme("analytics store", url, "sqlite", *MONGODB_SCHEMES)


def build(store: AnalyticsStore, *, tweets: Tweets, log: Log, ids: IdSource, clock: Clock) -> AnalyticsRoom:
    """The room on what it is given; whoever opened the store closes it."""
    service, recording = AnalyticsService(store, tweets, clock), Recording(log, ids, clock)
    subgraph = Subgraph("analytics", build_schema(), lambda caller: AnalyticsContext(caller, service, recording))
    return AnalyticsRoom(subgraph, service, store)
