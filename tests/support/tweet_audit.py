"""Whether all that a tweet store says agrees: counts with edges, lists with both, and the events with what came of them."""

from collections import Counter
from collections.abc import Collection, Sequence

from murmur.cursors import Window
from murmur.events import (
    AnyEvent,
    Liked,
    Retweeted,
    RetweetUndone,
    TweetDeleted,
    TweetPublished,
    Unliked,
    decode_event,
)
from subgraphs.tweets.model import Edge, EdgeKind
from subgraphs.tweets.ports import TweetStore

KINDS: tuple[EdgeKind, ...] = ("likes", "retweets", "bookmarks")
ALL = Window(limit=100_000)
_PAGE = 100_000


async def drained(store: TweetStore) -> list[AnyEvent]:
    """Everything in the outbox, which is emptied."""
    found: list[AnyEvent] = []
    while entries := await store.outbox.pending(1000):
        found += [decode_event(entry.payload) for entry in entries]
        await store.outbox.remove(entries)
    return found


async def audit(store: TweetStore, people: Collection[int], events: Sequence[AnyEvent]) -> None:
    """Nobody writes meanwhile; `events` are all since the store was empty."""
    tweets = await store.all_tweets(0, _PAGE)
    standing = {tweet.id for tweet in tweets if not tweet.deleted}
    views = await store.views([tweet.id for tweet in tweets], None)
    replies = Counter(tweet.in_reply_to_id for tweet in tweets if not tweet.deleted)
    quotes = Counter(tweet.quoted_id for tweet in tweets if not tweet.deleted)
    edges = {kind: await store.all_edges(kind, 0, _PAGE) for kind in KINDS}
    counted = {kind: Counter(edge.tweet_id for edge in found) for kind, found in edges.items()}
    for tweet_id in standing:
        view = views[tweet_id]
        assert (view.replies, view.quotes) == (replies[tweet_id], quotes[tweet_id]), tweet_id
        assert (view.likes, view.retweets, view.bookmarks) == tuple(counted[kind][tweet_id] for kind in KINDS), tweet_id
    for found in edges.values():
        assert len({(edge.user_id, edge.tweet_id) for edge in found}) == len({edge.id for edge in found}) == len(found)

    authors = Counter(tweet.author_id for tweet in tweets if not tweet.deleted)
    assert +Counter(await store.tweet_counts({tweet.author_id for tweet in tweets})) == authors
    posts = await store.posts_of(people, ALL)
    assert {post.id for post in posts} == standing | {edge.id for edge in edges["retweets"]}
    likers = await store.entries("likers", dict.fromkeys(standing, ALL))
    assert {(entry.user_id, entry.tweet_id) for found in likers.values() for entry in found} == _pairs(edges["likes"])
    threads = await store.entries("thread", dict.fromkeys(standing, ALL))
    answers = {tweet.id for tweet in tweets if not tweet.deleted and tweet.in_reply_to_id in standing}
    assert {entry.tweet_id for found in threads.values() for entry in found} & standing == answers
    _check_events(events, standing, edges["likes"], edges["retweets"])


def _check_events(events: Sequence[AnyEvent], standing: set[int], liked: Sequence[Edge], retweeted: Sequence[Edge]) -> None:
    tweets: set[int] = set()
    likes: set[tuple[int, int]] = set()
    retweets: set[int] = set()
    for event in events:
        match event:
            case TweetPublished():
                assert event.tweet_id not in tweets
                tweets.add(event.tweet_id)
            case TweetDeleted():
                tweets.remove(event.tweet_id)
            case Liked():
                assert (event.user_id, event.tweet_id) not in likes
                likes.add((event.user_id, event.tweet_id))
            case Unliked():
                likes.remove((event.user_id, event.tweet_id))
            case Retweeted():
                retweets.add(event.retweet_id)
            case RetweetUndone():
                retweets.remove(event.retweet_id)
            case _:
                raise AssertionError(event)
    assert tweets == standing
    assert {like for like in likes if like[1] in standing} == _pairs(liked)
    assert {edge.id for edge in retweeted} <= retweets


def _pairs(edges: Sequence[Edge]) -> set[tuple[int, int]]:
    return {(edge.user_id, edge.tweet_id) for edge in edges}
