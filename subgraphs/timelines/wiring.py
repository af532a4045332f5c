"""Puts the timelines subgraph together."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from murmur.errors import UnknownScheme
from murmur.pubsub.ports import PubSub
from murmur.redis import SCHEMES as REDIS_SCHEMES
from murmur.redis import is_redis, open_redis
from murmur.runtime.subgraph import Subgraph
from murmur.telemetry.metrics import Metrics
from subgraphs.timelines.ports import Graph, Posts, TimelineStore
from subgraphs.timelines.schema import TimelinesContext, build_schema
from subgraphs.timelines.service import HomeWatch, TimelineService
from subgraphs.timelines.stores.memory import MemoryTimelines


@dataclass(frozen=True, slots=True)
class TimelinesRoom:
    subgraph: Subgraph
    service: TimelineService
    store: TimelineStore


def open_store(url: str, data_dir: Path, *, capacity: int = 10_000, idle_seconds: int = 604_800) -> TimelineStore:  # noqa: ARG001 (the door of every room)
    """The store that a URL names. `capacity` is how many timelines are held in memory (29 KB each when full), `idle_seconds` for
    how long Redis keeps one that nobody reads.

    Raises StartupError for a scheme that there is no adapter for.
    """
    if urlsplit(url).scheme == "memory":
        return MemoryTimelines(capacity=capacity)
    if is_redis(url):
        from subgraphs.timelines.stores.redis import RedisTimelines

        return RedisTimelines(open_redis(url), idle_seconds=idle_seconds)
    raise UnknownScheme("timelines store", url, "memory", *REDIS_SCHEMES)


def build(store: TimelineStore, *, graph: Graph, posts: Posts, pubsub: PubSub, metrics: Metrics) -> TimelinesRoom:
    """The room on what it is given; whoever opened the store closes it."""
    service = TimelineService(store, graph, posts, metrics)
    watch = HomeWatch(service, pubsub)
    subgraph = Subgraph("timelines", build_schema(), lambda caller: TimelinesContext(caller, service, watch))
    return TimelinesRoom(subgraph, service, store)
