"""An audit finds notifications and a search index that say what is not so."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from murmur.audit.finding import Finding, steady
from murmur.audit.notifications import audit_notifications
from murmur.audit.search import audit_search
from murmur.clock import wall_clock
from murmur.events import decode_event
from murmur.pubsub.memory import MemoryPubSub
from subgraphs.notifications.service import NotificationService
from subgraphs.notifications.stores.sqlite import SqliteNotifications
from subgraphs.search.model import Kind, PersonDocument
from subgraphs.search.service.indexing import Indexer
from subgraphs.search.stores.tantivy import TantivyIndex
from tests.support.square import Square, open_square


@dataclass
class Told:
    """Ada's square, with her notifications: a follow, an answer, a quote, a mention, a retweet, and likes by Bea and Cleo."""

    square: Square
    notifications: SqliteNotifications
    folder: Path
    tweet: int

    async def findings(self) -> list[Finding]:
        return await steady(lambda: audit_notifications(self.notifications, self.square.users, self.square.store))

    async def checks(self) -> set[str]:
        return {finding.check for finding in await self.findings()}

    def damage(self, statement: str, *values: object, database: str = "notifications") -> None:
        with sqlite3.connect(self.folder / f"{database}.db") as connection:
            assert connection.execute(statement, values).rowcount > 0
        connection.close()


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    async with open_square(tmp_path) as square:
        ada = await square.person("ada", "bea", "cleo")
        bea, cleo = square.people["bea"], square.people["cleo"]
        await square.graph.follow(bea, ada)
        tweet = await square.tweet(ada, "first")
        await square.room.service.like(bea, tweet)
        await square.room.service.like(cleo, tweet)
        await square.room.service.retweet(bea, tweet)
        await square.tweet(bea, "an answer", in_reply_to_id=tweet)
        await square.tweet(cleo, "look", quoted_id=tweet)
        await square.tweet(cleo, "hello @ada")
        await square.room.service.delete(cleo, await square.tweet(cleo, "gone soon @ada"))
        notifications = SqliteNotifications(tmp_path / "notifications.db")
        service = NotificationService(notifications, square.users, MemoryPubSub(), wall_clock)
        followed = [decode_event(entry.payload) for entry in await square.users.outbox.pending(100)]
        await service.hear([*followed, *await square.events()])
        yield Told(square, notifications, tmp_path, tweet)
        await notifications.close()


async def test_what_the_notifier_made_of_events_has_no_findings(told: Told) -> None:
    ada = told.square.people["ada"]
    assert len(await told.notifications.notices_after((0, 0), 100)) == 7
    assert await told.findings() == []
    await told.notifications.mark_read(ada, await told.notifications.last_position(ada) - 1)
    assert await told.findings() == []


@pytest.mark.parametrize(
    ("database", "statement"),
    [
        ("tweets", "UPDATE tweets SET deleted = 1 WHERE id = :tweet"),
        ("notifications", "UPDATE notices SET tweet_id = 404 WHERE kind = 'reply'"),
    ],
)
async def test_a_notification_of_a_tweet_that_is_gone_is_found(told: Told, database: str, statement: str) -> None:
    await told.square.room.service.delete(told.square.people["ada"], told.tweet) if database == "tweets" else None
    if database == "notifications":
        told.damage(statement)
    assert "notification of a tweet that is gone" in await told.checks()


async def test_notifications_of_what_was_taken_back_are_found(told: Told) -> None:
    bea, ada = told.square.people["bea"], told.square.people["ada"]
    await told.square.room.service.unlike(bea, told.tweet)
    await told.square.room.service.undo_retweet(bea, told.tweet)
    await told.square.graph.unfollow(bea, ada)
    about = f"by user {bea} to user {ada}"
    assert {(finding.check, finding.subject) for finding in await told.findings()} == {
        ("notification of nothing", f"like {about} about tweet {told.tweet}"),
        ("notification of nothing", f"retweet {about} about tweet {told.tweet}"),
        ("notification of nothing", f"follow {about}"),
    }


async def test_a_notification_of_what_another_wrote_or_to_somebody_else_is_found(told: Told) -> None:
    told.damage("UPDATE notices SET actor_id = ? WHERE kind = 'quote'", told.square.people["bea"])
    assert "notification of nothing" in await told.checks()
    told.damage("UPDATE notices SET actor_id = ? WHERE kind = 'quote'", told.square.people["cleo"])
    for table in ("notices", "groups"):
        told.damage(f"UPDATE {table} SET recipient_id = ? WHERE kind = 'quote'", told.square.people["bea"])  # noqa: S608 (the two above)
    assert "notification of nothing" in await told.checks()


async def test_a_notification_across_a_block_or_of_nobody_is_found(told: Told) -> None:
    await told.square.graph.block(told.square.people["ada"], told.square.people["cleo"])
    assert await told.checks() == {"notification across a block"}
    told.damage("UPDATE notices SET actor_id = 404 WHERE kind = 'retweet'")
    assert "notification without a person" in await told.checks()


async def test_what_is_told_twice_is_found(told: Told) -> None:
    """The quote once more, as a mention."""
    told.damage(
        "INSERT INTO notices SELECT recipient_id, 'mention', tweet_id, actor_id, group_id, position + 1000"
        " FROM notices WHERE kind = 'quote'"
    )
    assert {"doubled notification", "notification count"} <= await told.checks()


async def test_a_count_a_place_and_actors_that_differ_from_the_notices_are_found(told: Told) -> None:
    (like,) = [each for each in await told.notifications.notices_after((0, 0), 100) if each.kind == "like"][:1]
    told.damage("UPDATE groups SET notices = 5 WHERE kind = 'like'")
    subject = f"notification {like.group_id} of user {like.recipient_id}"
    assert await told.findings() == [Finding("notification count", subject, by=3)]
    told.damage("UPDATE groups SET notices = 2, position = position + 1000 WHERE kind = 'like'")
    assert await told.findings() == [Finding("notification out of place", subject)]


async def test_an_unread_count_that_differs_is_found(told: Told) -> None:
    ada = told.square.people["ada"]
    last = await told.notifications.last_position(ada)
    await told.notifications.mark_read(ada, last)
    told.damage("UPDATE groups SET position = ? WHERE kind = 'follow'", last + 5)
    found = {(finding.check, finding.subject, finding.by) for finding in await told.findings()}
    assert ("unread count", f"user {ada}", 1) in found


async def test_a_group_without_notices_and_notices_without_a_group_are_found(told: Told) -> None:
    told.damage("DELETE FROM notices WHERE kind = 'retweet'")
    told.damage("DELETE FROM groups WHERE kind = 'follow'")
    assert [finding.by for finding in await told.findings() if finding.check == "notification count"] == [-1, 1]


async def test_a_search_index_that_lacks_a_tweet_or_holds_a_deleted_one_is_found(told: Told) -> None:
    square, index = told.square, TantivyIndex(told.folder / "search")
    tweets = await square.store.all_tweets(0, 100)
    indexer = Indexer(index, square.store, square.users)
    await indexer.index_tweets([tweet.id for tweet in tweets])
    await indexer.index_people(list(square.people.values()))

    async def findings() -> list[Finding]:
        return await steady(lambda: audit_search(index, square.store, square.users))

    assert await findings() == []
    gone, lost = tweets[1].id, tweets[2].id
    await square.room.service.delete(tweets[1].author_id, gone)
    await index.remove(Kind.TWEET, [lost])
    await index.put([PersonDocument(404, "nobody", "Nobody", None, 0)])
    assert await findings() == [
        Finding("strange in the search index", f"tweet {gone}"),
        Finding("missing in the search index", f"tweet {lost}"),
        Finding("strange in the search index", "user 404"),
    ]
    await index.close()
