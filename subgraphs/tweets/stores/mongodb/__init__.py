"""The tweet store on MongoDB: what must be atomic is in one document, and what follows from it is repeated until it is done."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from murmur.cursors import Window
from murmur.events import TweetEvent
from murmur.mongodb import MongoEngine, answering, open_client
from murmur.post import Post
from subgraphs.tweets.model import Edge, EdgeKind, Entry, IdempotencyKey, Kept, Listing, Tweet, View
from subgraphs.tweets.ports import EdgeOutcome, TellEdge, TellTweet, TweetOutcome
from subgraphs.tweets.stores.mongodb.collections import COLLECTIONS, VERSION, collections_for
from subgraphs.tweets.stores.mongodb.copies import Copying
from subgraphs.tweets.stores.mongodb.engage import Engagement, Engaging
from subgraphs.tweets.stores.mongodb.follow_up import FollowUp
from subgraphs.tweets.stores.mongodb.gathering import Gathering
from subgraphs.tweets.stores.mongodb.ledger import Ledger
from subgraphs.tweets.stores.mongodb.listings import Listings
from subgraphs.tweets.stores.mongodb.outbox import MongoOutbox
from subgraphs.tweets.stores.mongodb.publish import Publication, Publishing
from subgraphs.tweets.stores.mongodb.reads import Reading
from subgraphs.tweets.stores.mongodb.transfer import Importing

_WHAT = "the tweets"


class MongoTweetStore:
    """The store of the database that a `mongodb://` URL names. Connects when it is first used. Raises StartupError."""

    def __init__(self, url: str) -> None:
        self._client, database = open_client(url)
        self.engine = MongoEngine(database, "tweets", VERSION, COLLECTIONS)
        kept = collections_for("ledger", database)
        authors = Ledger(kept.authors, kept.posts, "u", {"originals": "tweets", "replies": "tweets"}, owned=True)
        tweets = Ledger(kept.tweets, kept.edges, "t", {"replies": "replies", "quotes": "quotes"}, kept=("replies",))
        follow_up = FollowUp(collections_for("follow up", database), authors, tweets)
        self.outbox = MongoOutbox(collections_for("relay", database), collections_for("wait", database).tweets, follow_up)
        read = collections_for("read", database)
        self._reading = Reading(read)
        self._listings = Listings(read)
        self._publishing = Publishing(collections_for("publish", database), follow_up)
        claims = collections_for("claim", database)
        self._engaging = Engaging(collections_for("engage", database), claims, tweets, self.outbox, follow_up)
        self._importing = Importing(collections_for("import", database), follow_up)
        self._copying = Copying(collections_for("copy", database))
        self._publish = Gathering(self._publishing.publish)
        self._engage = Gathering(self._engaging.add)

    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]:
        with answering(_WHAT):
            return await self._reading.views(tweet_ids, viewer_id)

    async def marks(self, tweet_ids: Collection[int], viewer_id: int) -> Mapping[int, AbstractSet[EdgeKind]]:
        with answering(_WHAT):
            return await self._reading.marks(tweet_ids, viewer_id)

    async def ancestors(self, tweet_ids: Collection[int], limit: int) -> Mapping[int, Sequence[int]]:
        with answering(_WHAT):
            return await self._reading.ancestors(tweet_ids, limit)

    async def entries(self, listing: Listing, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Entry]]:
        with answering(_WHAT):
            return await self._listings.entries(listing, wanted)

    async def tweet_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        with answering(_WHAT):
            return await self._reading.tweet_counts(user_ids)

    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        with answering(_WHAT):
            return await self._reading.posts_of(user_ids, window)

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        with answering(_WHAT):
            return await self._listings.posts_by(wanted)

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        with answering(_WHAT):
            return await self._reading.standing(tweet_ids)

    async def authors_of(self, tweet_ids: Collection[int]) -> Mapping[int, int]:
        with answering(_WHAT):
            return await self._reading.authors_of(tweet_ids)

    async def kept(self, author_id: int, key: str) -> Kept | None:
        with answering(_WHAT):
            return await self._publishing.kept(author_id, key)

    async def publish(self, tweet: Tweet, key: str | None, content: bytes, tell: TellTweet) -> Kept:
        with answering(_WHAT):
            return await self._publish(Publication(tweet, key, content, tell))

    async def delete(self, tweet_id: int, event: TweetEvent) -> bool:
        with answering(_WHAT):
            return await self._publishing.delete(tweet_id, event)

    async def add_edges(self, kind: EdgeKind, edges: Sequence[Edge], tell: TellEdge) -> Sequence[EdgeOutcome]:
        with answering(_WHAT):
            return await self._engage(Engagement(kind, edges, tell))

    async def remove_edge(self, kind: EdgeKind, user_id: int, tweet_id: int, tell: TellEdge) -> bool:
        with answering(_WHAT):
            return await self._engaging.remove(kind, user_id, tweet_id, tell)

    async def import_tweets(self, tweets: Sequence[Tweet], movable: AbstractSet[int], tell: TellTweet) -> Sequence[TweetOutcome]:
        with answering(_WHAT):
            return await self._importing.import_tweets(tweets, movable, tell)

    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]:
        with answering(_WHAT):
            return await self._reading.all_tweets(after_id, limit)

    async def all_edges(self, kind: EdgeKind, after_id: int, limit: int) -> Sequence[Edge]:
        with answering(_WHAT):
            return await self._reading.all_edges(kind, after_id, limit)

    async def put_tweets(self, tweets: Sequence[Tweet]) -> None:
        with answering(_WHAT):
            await self._importing.put_tweets(tweets)

    async def put_edges(self, kind: EdgeKind, edges: Sequence[Edge]) -> None:
        with answering(_WHAT):
            await self._engage(Engagement(kind, edges, lambda _edge, _author_id: None, exact=True))

    async def keys_after(self, after: tuple[int, str], limit: int) -> Sequence[IdempotencyKey]:
        with answering(_WHAT):
            return await self._copying.keys_after(after, limit)

    async def put_keys(self, rows: Sequence[IdempotencyKey]) -> None:
        with answering(_WHAT):
            await self._copying.put_keys(rows)

    async def close(self) -> None:
        await self._publish.close()
        await self._engage.close()
        await self._client.close()
