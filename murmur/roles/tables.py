"""What `murmur migrate` copies: the tables of each store, in an order in which each row finds what it refers to."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from gateway.partners.model import Document, PartnerKey
from gateway.partners.ports import PartnerStore
from murmur.archive.copying import Key, Row, Table
from murmur.clock import wall_clock
from murmur.roles.stores import Stores
from subgraphs.analytics.model import PLATFORM_OWNERS, StoredDay
from subgraphs.analytics.ports import AnalyticsStore
from subgraphs.notifications.ports import NotificationStore
from subgraphs.tweets.model import EdgeKind as TweetEdgeKind
from subgraphs.tweets.ports import TweetStore
from subgraphs.users.model import Session
from subgraphs.users.ports import EdgeKind as GraphEdgeKind
from subgraphs.users.ports import Sessions, UsersStore

Tables = tuple[Table[Any], ...]


def all_tables(stores: Stores) -> Tables:
    return (
        *of_people(stores.users, stores.sessions),
        *of_tweets(stores.tweets),
        *of_notifications(stores.notifications),
        *of_partners(stores.partners),
        *of_analytics(stores.analytics),
    )


def of_people(users: UsersStore, sessions: Sessions) -> Tables:
    graph: tuple[GraphEdgeKind, ...] = ("follow", "block", "mute")
    return (
        Table("users", (0,), lambda row: (row.id,), _by_id(users.all_users), users.put_users),
        Table("credentials", (0,), lambda row: (row.user_id,), _by_id(users.credentials_after), users.put_credentials),
        Table("sessions", (0, ""), lambda row: (row.user_id, row.id), partial(_sessions_after, users, sessions), sessions.put),
        *(
            Table(
                f"{kind}s",
                (0, 0),
                lambda row: (row.source_id, row.target_id),
                partial(users.all_edges, kind),
                partial(users.put_edges, kind),
            )
            for kind in graph
        ),
    )


def of_tweets(tweets: TweetStore) -> Tables:
    engagements: tuple[TweetEdgeKind, ...] = ("likes", "retweets", "bookmarks")
    return (
        Table("tweets", (0,), lambda row: (row.id,), _by_id(tweets.all_tweets), tweets.put_tweets),
        *(
            Table(kind, (0,), lambda row: (row.id,), _by_id(partial(tweets.all_edges, kind)), partial(tweets.put_edges, kind))
            for kind in engagements
        ),
        Table("idempotency keys", (0, ""), lambda row: (row.author_id, row.key), tweets.keys_after, tweets.put_keys),
    )


def of_notifications(store: NotificationStore) -> Tables:
    return (
        Table("recipients", (0,), lambda row: (row.id,), _by_id(store.recipients_after), store.put_recipients),
        Table("notices", (0, 0), lambda row: (row.recipient_id, row.position), store.notices_after, store.put_notices),
    )


def of_analytics(store: AnalyticsStore) -> Tables:
    def key(row: StoredDay) -> Key:
        return row.owner_id, row.tweet_id, row.day

    async def days_after(after: Key, limit: int) -> Sequence[StoredDay]:
        owner_id, tweet_id, day = after
        return await store.days_after((owner_id, tweet_id, day), limit)

    # The platform's own counts have negative owners.
    return (Table("analytics", (min(PLATFORM_OWNERS) - 1, 0, 0), key, days_after, store.put_days),)


def of_partners(store: PartnerStore) -> Tables:
    async def keys_after(id_: str, limit: int) -> Sequence[PartnerKey]:
        return sorted((key for key in await store.keys(None) if key.id > id_), key=lambda key: key.id)[:limit]

    async def put_keys(rows: Sequence[PartnerKey]) -> None:
        for key in rows:
            await store.add_key(key)

    async def put_documents(rows: Sequence[tuple[str, Document]]) -> None:
        for partner, documents in groupby(rows, lambda row: row[0]):
            await store.publish(partner, [document for _, document in documents])

    return (
        Table("API keys", ("",), lambda row: (row.id,), _by_id(keys_after), put_keys),
        Table("documents", ("", ""), lambda row: (row[0], row[1].id), partial(store.documents, None), put_documents),
    )


async def _sessions_after(users: UsersStore, sessions: Sessions, after: Key, limit: int) -> Sequence[Session]:
    """Of everybody who can sign in, those that go on."""
    user_id, session_id = after
    now = wall_clock()
    rows = [row for row in await sessions.of((user_id,)) if row.id > session_id]
    while True:
        if living := [row for row in rows if row.expires_at > now]:
            return living[:limit]
        people = [row.user_id for row in await users.credentials_after(user_id, limit)]
        if not people:
            return ()
        rows, user_id = await sessions.of(people), people[-1]


def _by_id(read: Callable[[Any, int], Awaitable[Sequence[Row]]]) -> Callable[[Key, int], Awaitable[Sequence[Row]]]:
    """For tables whose key is one value."""
    return lambda after, limit: read(after[0], limit)
