"""A URL that can't be used is told of without the secrets in it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.partners import wiring as partners
from murmur.broker.wiring import open_broker
from murmur.cache.wiring import open_cache
from murmur.errors import StartupError
from murmur.leases.wiring import open_lease
from murmur.pubsub.wiring import open_pubsub
from murmur.settings.stores import StoreSettings
from subgraphs.analytics import wiring as analytics
from subgraphs.notifications import wiring as notifications
from subgraphs.search import wiring as search
from subgraphs.timelines import wiring as timelines
from subgraphs.tweets import wiring as tweets
from subgraphs.users import wiring as users
from subgraphs.users.model import SignInLimits

SECRET = "hunter2"
OPENERS: dict[str, Callable[[str, Path], object]] = {
    "users": users.open_store,
    "limits": lambda url, _: users.open_throttle(url, SignInLimits("5/minute", "5/minute", "5/minute")),
    "sessions": users.open_sessions,
    "tweets": tweets.open_store,
    "timelines": timelines.open_store,
    "search": search.open_index,
    "trends": search.open_trends,
    "analytics": analytics.open_store,
    "notifications": notifications.open_store,
    "partners": partners.open_store,
    "broker": open_broker,
    "pubsub": lambda url, _: open_pubsub(url),
    "cache": lambda url, _: open_cache(url),
    "leases": lambda url, folder: asyncio.run(open_lease(url, folder)),
}
SCHEMES = {
    "users": ("neo4j", "bolt+s"),
    "limits": ("redis", "redis+cluster"),
    "tweets": ("mongodb", "mongodb+srv"),
    "timelines": ("redis",),
    "search": ("meilisearch",),
    "broker": ("kafka", "kafka+ssl"),
    "pubsub": ("redis",),
    "cache": ("redis",),
    "leases": ("redis",),
    "sessions": ("redis",),
    "trends": ("mongodb",),
    "analytics": ("mongodb",),
    "notifications": ("mongodb",),
    "partners": ("mongodb",),
}


def test_every_store_that_settings_name_is_tried() -> None:
    named = {name.removesuffix("_url") for name in StoreSettings.model_fields if name.endswith("_url")}
    assert named == OPENERS.keys() == SCHEMES.keys()


@pytest.mark.parametrize("room", OPENERS)
@pytest.mark.parametrize("url", [f"oracle://user:{SECRET}@host/x", f"oracle:user:{SECRET}@host", f"//u:{SECRET}@host", SECRET])
def test_no_scheme_that_is_unknown_gives_a_secret_away(room: str, url: str, tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="the schemes that exist are") as told:
        OPENERS[room](url, tmp_path)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(("room", "scheme"), [(room, scheme) for room, schemes in SCHEMES.items() for scheme in schemes])
@pytest.mark.parametrize(
    "rest", [f"u:{SECRET}@host:port/x", f"u:1/{SECRET}@host/x", f"u:{SECRET}:{SECRET}@host:99999999/x", f"{SECRET}@/#"]
)
def test_no_url_that_can_not_be_read_gives_a_secret_away(room: str, scheme: str, rest: str, tmp_path: Path) -> None:
    try:
        OPENERS[room](f"{scheme}://{rest}", tmp_path)
    except StartupError as error:
        assert SECRET not in str(error)
