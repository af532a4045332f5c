"""Every worker: what it is called, and what it is made of. A new one is a line here."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager

import structlog

from murmur.clock import wall_clock
from murmur.errors import StartupError
from murmur.roles.stores import Stores
from murmur.settings import Settings
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics
from subgraphs.analytics.service import Counting
from subgraphs.notifications.service import NotificationService
from subgraphs.search.service import Indexer
from subgraphs.search.wiring import build_ranker
from subgraphs.timelines.service import Arrivals
from workers.analytics import run_analytics
from workers.fanout import run_fanout
from workers.indexer import run_indexer
from workers.invalidator import run_invalidator
from workers.live import run_live
from workers.notifier import run_notifier
from workers.outbox_relay import run_relay
from workers.trends import run_trends

Run = Callable[[], Coroutine[None, None, None]]
"""Works until cancelled, and can be run again after it failed."""

_RESTART_SECONDS = (0.5, 30.0)
_STOP_SECONDS = 10.0
_log = structlog.get_logger()


def _outbox_relay(stores: Stores, _settings: Settings, metrics: Metrics) -> Run:
    outboxes, broker = {"users": stores.users.outbox, "tweets": stores.tweets.outbox}, stores.broker
    return lambda: run_relay(outboxes, broker, metrics)


def _fanout(stores: Stores, settings: Settings, metrics: Metrics) -> Run:
    broker, timelines, users, tweets = stores.broker, stores.timelines, stores.users, stores.tweets
    threshold = settings.timelines.celebrity_followers
    arrivals = Arrivals(stores.pubsub)
    return lambda: run_fanout(broker, timelines, users, tweets, metrics, threshold=threshold, arrivals=arrivals)


def _live(stores: Stores, _settings: Settings, metrics: Metrics) -> Run:
    broker, pubsub = stores.broker, stores.pubsub
    return lambda: run_live(broker, pubsub, metrics)


def _notifier(stores: Stores, _settings: Settings, metrics: Metrics) -> Run:
    broker = stores.broker
    service = NotificationService(stores.notifications, stores.users, stores.pubsub, wall_clock)
    return lambda: run_notifier(broker, service, metrics)


def _indexer(stores: Stores, _settings: Settings, metrics: Metrics) -> Run:
    broker = stores.broker
    indexer = Indexer(stores.search, stores.tweets, stores.users)
    return lambda: run_indexer(broker, indexer, metrics)


def _trends(stores: Stores, settings: Settings, metrics: Metrics) -> Run:
    broker = stores.broker
    least, prohibited = settings.trends.trends_people, settings.content.prohibited_file
    ranker = build_ranker(stores.trends, stores.users, least_people=least, prohibited=prohibited)
    return lambda: run_trends(broker, ranker, metrics)


def _analytics(stores: Stores, _settings: Settings, metrics: Metrics) -> Run:
    broker = stores.broker
    counting = Counting(stores.analytics, stores.tweets, stores.users, wall_clock)
    return lambda: run_analytics(broker, counting, metrics)


def _invalidator(stores: Stores, _settings: Settings, metrics: Metrics) -> Run:
    broker, cache = stores.broker, stores.cache
    return _nothing_to_do if cache is None else lambda: run_invalidator(broker, cache, metrics)


async def _nothing_to_do() -> None:
    await asyncio.Event().wait()


WORKERS: Mapping[str, Callable[[Stores, Settings, Metrics], Run]] = {
    "outbox-relay": _outbox_relay,
    "fanout": _fanout,
    "notifier": _notifier,
    "live": _live,
    "indexer": _indexer,
    "trends": _trends,
    "analytics": _analytics,
    "invalidator": _invalidator,
}


def check_worker(name: str, settings: Settings) -> None:
    """Raises StartupError when there is no such worker, or when it can't run in a process of its own."""
    if name not in WORKERS:
        raise StartupError(f"there is no worker {name!r}; the workers are: {', '.join(WORKERS)}")
    if name == "fanout" and settings.stores.timelines_url.startswith("memory:"):
        raise StartupError("fanout can't be a process of its own while MURMUR_TIMELINES_URL=memory: keeps timelines in another")
    if name == "invalidator" and settings.stores.cache_url in ("none:", "memory:"):
        raise StartupError("the invalidator has nothing to do in a process of its own: MURMUR_CACHE_URL names no shared cache")
    if name in ("notifier", "live") and settings.stores.pubsub_url == "memory:":
        raise StartupError(f"{name} can't be a process of its own while MURMUR_PUBSUB_URL=memory: lets only its own process hear")


@asynccontextmanager
async def at_work(
    names: Collection[str], stores: Stores, settings: Settings, metrics: Metrics, health: Health
) -> AsyncGenerator[Callable[[], Coroutine[None, None, None]]]:
    """Workers that run, and run again when they fail. Yields what stops them: each finishes its batch and leaves its group.

    Raises StartupError when an engine of theirs can't be opened.
    """
    runs = {name: WORKERS[name](stores, settings, metrics) for name in names}
    tasks = {asyncio.create_task(_keep_running(name, run, health), name=name) for name, run in runs.items()}

    async def stop() -> None:
        for _ in range(2):
            # The second time does not let a batch be finished any more.
            for task in tasks:
                task.cancel()
            if not (await asyncio.wait(tasks, timeout=_STOP_SECONDS))[1]:
                return

    try:
        yield stop
    finally:
        await stop()


async def _keep_running(name: str, run: Run, health: Health) -> None:
    """Start a worker again when it fails. What it had not committed is delivered again, so nothing is lost by it."""
    wait, longest = _RESTART_SECONDS
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            await run()
        except Exception as error:
            _log.error("worker failed; it is started again", worker=name, exc_info=error)
        if loop.time() - started > longest:
            wait = _RESTART_SECONDS[0]
        health.tell(f"the worker {name}", "it is being restarted")
        await asyncio.sleep(wait)
        health.tell(f"the worker {name}", None)
        wait = min(wait * 2, longest)
