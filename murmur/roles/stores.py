"""The engines that the settings name, each opened when a role first asks for it."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Protocol, TypeVar

from gateway.partners import wiring as partners_wiring
from gateway.partners.ports import PartnerStore
from murmur.broker.ports import Broker
from murmur.broker.wiring import open_broker
from murmur.cache.ports import Cache
from murmur.cache.wiring import open_cache
from murmur.errors import StartupError
from murmur.ids import IdSource
from murmur.leases.wiring import open_lease
from murmur.pubsub.ports import PubSub
from murmur.pubsub.wiring import open_pubsub
from murmur.settings import Settings
from subgraphs.analytics import wiring as analytics_wiring
from subgraphs.analytics.ports import AnalyticsStore
from subgraphs.notifications import wiring as notifications_wiring
from subgraphs.notifications.ports import NotificationStore
from subgraphs.search import wiring as search_wiring
from subgraphs.search.ports import SearchIndex, TrendStore
from subgraphs.timelines import wiring as timelines_wiring
from subgraphs.timelines.ports import TimelineStore
from subgraphs.tweets import wiring as tweets_wiring
from subgraphs.tweets.ports import TweetStore
from subgraphs.users import wiring as users_wiring
from subgraphs.users.model import SignInLimits
from subgraphs.users.ports import Sessions, Throttle, UsersStore


class Closable(Protocol):
    @property
    def close(self) -> Callable[[], Awaitable[None]]: ...


T = TypeVar("T", bound=Closable)


class Stores:
    """What is opened is closed by `stack`, in reverse order. Each attribute raises StartupError when it can't be opened.

    `opened` is what has been, each by its name among the settings without the `_url`, for those who watch over it.
    """

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._urls = settings.stores
        self._stack = stack
        self._data_dir = settings.server.data_dir
        self._ids: IdSource | None = None
        self.opened: dict[str, object] = {}
        try:
            # It holds password hashes and signing keys.
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    @cached_property
    def users(self) -> UsersStore:
        return self._keep("users", users_wiring.open_store(self._urls.users_url, self._data_dir))

    @cached_property
    def sessions(self) -> Sessions:
        return self._keep("sessions", users_wiring.open_sessions(self._urls.sessions_url, self._data_dir))

    @cached_property
    def limits(self) -> Throttle:
        limits = self._settings.limits
        sign_ins = SignInLimits(
            sign_in_per_account=limits.signin_per_account,
            sign_in_per_address=limits.signin_per_address,
            sign_up_per_address=limits.signup_per_address,
        )
        return self._keep("limits", users_wiring.open_throttle(self._urls.limits_url, sign_ins))

    @cached_property
    def tweets(self) -> TweetStore:
        return self._keep("tweets", tweets_wiring.open_store(self._urls.tweets_url, self._data_dir))

    @cached_property
    def timelines(self) -> TimelineStore:
        timelines = self._settings.timelines
        store = timelines_wiring.open_store(
            self._urls.timelines_url,
            self._data_dir,
            capacity=timelines.timelines_held,
            idle_seconds=timelines.timelines_idle_hours * 3_600,
        )
        return self._keep("timelines", store)

    @cached_property
    def cache(self) -> Cache | None:
        cache = open_cache(self._urls.cache_url)
        return None if cache is None else self._keep("cache", cache)

    @cached_property
    def notifications(self) -> NotificationStore:
        store = notifications_wiring.open_store(self._urls.notifications_url, self._data_dir)
        return self._keep("notifications", store)

    @cached_property
    def analytics(self) -> AnalyticsStore:
        return self._keep("analytics", analytics_wiring.open_store(self._urls.analytics_url, self._data_dir))

    @cached_property
    def partners(self) -> PartnerStore:
        return self._keep("partners", partners_wiring.open_store(self._urls.partners_url, self._data_dir))

    @cached_property
    def search(self) -> SearchIndex:
        return self._keep("search", search_wiring.open_index(self._urls.search_url, self._data_dir))

    @cached_property
    def trends(self) -> TrendStore:
        return self._keep("trends", search_wiring.open_trends(self._urls.trends_url, self._data_dir))

    @cached_property
    def pubsub(self) -> PubSub:
        return self._keep("pubsub", open_pubsub(self._urls.pubsub_url))

    @cached_property
    def broker(self) -> Broker:
        return self._keep("broker", open_broker(self._urls.broker_url, self._data_dir))

    async def ids(self) -> IdSource:
        """Ids of a node that is this process's alone until it closes. Raises Unavailable when no node can be leased now."""
        if self._ids is None:
            self._ids = self._keep("leases", await open_lease(self._urls.leases_url, self._data_dir)).ids()
        return self._ids

    def open_all(self) -> None:
        """Whatever the settings name. Raises StartupError."""
        _ = self.users, self.sessions, self.limits, self.tweets, self.timelines, self.cache, self.notifications, self.analytics
        _ = self.partners, self.search, self.trends, self.pubsub, self.broker

    def _keep(self, name: str, engine: T) -> T:
        self._stack.push_async_callback(engine.close)
        self.opened[name] = engine
        return engine

    def _unwritable(self, error: OSError) -> StartupError:
        return StartupError(f"can't write the data folder {self._data_dir}: {error.strerror}; choose another by MURMUR_DATA_DIR")
