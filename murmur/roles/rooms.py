"""Opens the stores that the settings name and builds the subgraphs on them."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from murmur.cache.aside import Observe
from murmur.clock import wall_clock
from murmur.identity import TokenSigner
from murmur.roles.keys import access_signer, identity_signer
from murmur.roles.stores import Stores
from murmur.runtime.subgraph import Subgraph
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics
from subgraphs.analytics import wiring as analytics_wiring
from subgraphs.analytics.wiring import AnalyticsRoom
from subgraphs.notifications import wiring as notifications_wiring
from subgraphs.notifications.wiring import NotificationsRoom
from subgraphs.search import wiring as search_wiring
from subgraphs.search.wiring import SearchRoom
from subgraphs.timelines import wiring as timelines_wiring
from subgraphs.timelines.wiring import TimelinesRoom
from subgraphs.tweets import wiring as tweets_wiring
from subgraphs.tweets.wiring import TweetsRoom
from subgraphs.users import wiring as users_wiring
from subgraphs.users.service.passwords import PasswordCost
from subgraphs.users.wiring import UsersRoom


@dataclass(frozen=True, slots=True)
class Rooms:
    """Every subgraph of this process, and what signs for the platform."""

    users: UsersRoom
    tweets: TweetsRoom
    timelines: TimelinesRoom
    notifications: NotificationsRoom
    search: SearchRoom
    analytics: AnalyticsRoom
    identities: TokenSigner
    """Signs the identity tokens that the gateway hands to subgraphs."""

    @property
    def subgraphs(self) -> tuple[Subgraph, ...]:
        rooms = self.users, self.tweets, self.timelines, self.notifications, self.search, self.analytics
        return tuple(room.subgraph for room in rooms)


@asynccontextmanager
async def open_rooms(settings: Settings, metrics: Metrics) -> AsyncGenerator[Rooms]:
    """Every subgraph in this process. Raises StartupError when a store can't be opened."""
    async with AsyncExitStack() as stack:
        yield await build_rooms(Stores(settings, stack), settings, metrics)


async def build_rooms(stores: Stores, settings: Settings, metrics: Metrics) -> Rooms:
    return Rooms(
        await users_room(stores, settings, metrics),
        await tweets_room(stores, settings, metrics),
        await timelines_room(stores, settings, metrics),
        await notifications_room(stores, settings, metrics),
        await search_room(stores, settings, metrics),
        await analytics_room(stores, settings, metrics),
        identity_signer(settings),
    )


async def users_room(stores: Stores, settings: Settings, metrics: Metrics) -> UsersRoom:
    passwords = settings.passwords
    store = stores.users if stores.cache is None else users_wiring.cached(stores.users, stores.cache, _looked_up(metrics))
    return users_wiring.build(
        store,
        sessions=stores.sessions,
        tokens=access_signer(settings),
        throttle=stores.limits,
        password_cost=PasswordCost(
            time=passwords.argon2_time_cost, memory_kib=passwords.argon2_memory_kib, parallelism=passwords.argon2_parallelism
        ),
        ids=await stores.ids(),
        clock=wall_clock,
        admins=settings.server.admins,
    )


async def tweets_room(stores: Stores, settings: Settings, metrics: Metrics) -> TweetsRoom:
    prohibited = settings.content.prohibited_file
    store = stores.tweets if stores.cache is None else tweets_wiring.cached(stores.tweets, stores.cache, _looked_up(metrics))
    return tweets_wiring.build(
        store,
        people=stores.users,
        ids=await stores.ids(),
        clock=wall_clock,
        prohibited=prohibited,
        pubsub=stores.pubsub,
    )


async def timelines_room(stores: Stores, _settings: Settings, metrics: Metrics) -> TimelinesRoom:
    return timelines_wiring.build(
        stores.timelines, graph=stores.users, posts=stores.tweets, pubsub=stores.pubsub, metrics=metrics
    )


async def notifications_room(stores: Stores, _settings: Settings, _metrics: Metrics) -> NotificationsRoom:
    return notifications_wiring.build(stores.notifications, people=stores.users, pubsub=stores.pubsub, clock=wall_clock)


async def search_room(stores: Stores, settings: Settings, _metrics: Metrics) -> SearchRoom:
    prohibited = settings.content.prohibited_file
    return search_wiring.build(stores.search, stores.trends, tweets=stores.tweets, people=stores.users, prohibited=prohibited)


async def analytics_room(stores: Stores, _settings: Settings, _metrics: Metrics) -> AnalyticsRoom:
    return analytics_wiring.build(
        stores.analytics, tweets=stores.tweets, log=stores.broker, ids=await stores.ids(), clock=wall_clock
    )


def _looked_up(metrics: Metrics) -> Observe:
    return lambda kind, outcome, by: metrics.count("murmur_cache_lookups_total", kind.partition(".")[0], outcome, by=by)
