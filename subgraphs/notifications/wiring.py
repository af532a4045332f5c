"""Puts the notifications subgraph together."""

from dataclasses import dataclass
from pathlib import Path

from murmur.clock import Clock
from murmur.errors import UnknownScheme
from murmur.pubsub.ports import PubSub
from murmur.runtime.subgraph import Subgraph
from murmur.sqlite import path_of
from murmur.urls import MONGODB_SCHEMES
from subgraphs.notifications.ports import NotificationStore, People
from subgraphs.notifications.schema import NotificationsContext, build_schema
from subgraphs.notifications.service import NotificationService
from subgraphs.notifications.stores.sqlite import SqliteNotifications


@dataclass(frozen=True, slots=True)
class NotificationsRoom:
    subgraph: Subgraph
    service: NotificationService
    store: NotificationStore


def open_store(url: str, data_dir: Path) -> NotificationStore:
    """The store that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return SqliteNotifications(path_of(url, data_dir, "notifications"))
    if scheme in MONGODB_SCHEMES:
        from subgraphs.notifications.stores.mongodb import MongoNotifications

        return MongoNotifications(url)
    raise UnknownScheme("notifications store", url, "sqlite", *MONGODB_SCHEMES)


def build(store: NotificationStore, *, people: People, pubsub: PubSub, clock: Clock) -> NotificationsRoom:
    """The room on what it is given; whoever opened the store closes it."""
    service = NotificationService(store, people, pubsub, clock)
    subgraph = Subgraph("notifications", build_schema(), lambda caller: NotificationsContext(caller, service))
    return NotificationsRoom(subgraph, service, store)
