"""Reads by id, and the posts of many. A ledger is read before its rows, so no line is missed that leaves it meanwhile."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from heapq import merge

from murmur.cursors import Window
from murmur.mongodb import Document
from murmur.post import Post
from subgraphs.tweets.model import Edge, EdgeKind, Tweet, View
from subgraphs.tweets.stores.mongodb.collections import PATH, Collections, Scatter
from subgraphs.tweets.stores.mongodb.documents import TWEET_FIELDS, bounds, post_of, read_tweet
from subgraphs.tweets.stores.mongodb.engage import EDGE_KINDS

_COUNTS = ("likes", "retweets", "replies", "quotes", "bookmarks")
_VIEW_FIELDS: Document = dict.fromkeys((*TWEET_FIELDS, *_COUNTS, "settled"), 1)
_TWEET_FIELDS: Document = dict.fromkeys(TWEET_FIELDS, 1)
# The server merges as many ranges of an index without sorting (internalQueryMaxScansToExplode).
_MERGED = 200


class Reading:
    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]:
        """One query; a second one for a viewer of tweets with very many edges."""
        if viewer_id is None:
            tweets = await self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}}, _VIEW_FIELDS).to_list()
            return {tweet["_id"]: _view(tweet, frozenset()) for tweet in tweets}
        tweets, done = await self._with_marks(tweet_ids, viewer_id, _VIEW_FIELDS)
        return {tweet["_id"]: _view(tweet, done[tweet["_id"]]) for tweet in tweets}

    async def marks(self, tweet_ids: Collection[int], viewer_id: int) -> Mapping[int, AbstractSet[EdgeKind]]:
        """As `views` with a viewer."""
        tweets, done = await self._with_marks(tweet_ids, viewer_id, {"deleted": 1, "settled": 1})
        return {tweet["_id"]: done[tweet["_id"]] for tweet in tweets if "deleted" not in tweet}

    async def _with_marks(
        self, tweet_ids: Collection[int], viewer_id: int, fields: Document
    ) -> tuple[Sequence[Document], Mapping[int, AbstractSet[EdgeKind]]]:
        """Fields of tweets, and what a viewer has done to each."""
        theirs = {"$and": [{"$eq": ["$$this.u", viewer_id]}, {"$in": ["$$this.k", EDGE_KINDS]}]}
        recent = {"recent": {"$filter": {"input": {"$ifNull": ["$recent", []]}, "cond": theirs}}}
        tweets = await self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}}, {**fields, **recent}).to_list()
        done = {tweet["_id"]: {line["k"] for line in tweet["recent"] if "x" not in line} for tweet in tweets}
        if settled := [tweet["_id"] for tweet in tweets if tweet.get("settled")]:
            rows = await self._done(settled, viewer_id, {line["i"] for tweet in tweets for line in tweet["recent"]})
            for tweet_id, kinds in rows.items():
                done[tweet_id] |= kinds
        return tweets, done

    async def _done(self, tweet_ids: Sequence[int], viewer_id: int, recent: AbstractSet[int]) -> dict[int, set[EdgeKind]]:
        """What a viewer has done to tweets by the rows of their ledgers; lines that are recent say more than their rows."""
        rows = {"t": {"$in": tweet_ids}, "u": viewer_id, "k": {"$in": EDGE_KINDS}, "live": True}
        found: dict[int, set[EdgeKind]] = {}
        async for row in self._collections.edges.find(rows, {"_id": 0, "t": 1, "k": 1, "i": 1}):
            if row["i"] not in recent:
                found.setdefault(row["t"], set()).add(row["k"])
        return found

    async def ancestors(self, tweet_ids: Collection[int], limit: int) -> Mapping[int, Sequence[int]]:
        """Each tweet knows the nearest above it: one query for PATH of them, and one more for each PATH further up."""
        paths = await self._paths(tweet_ids)
        found = {tweet_id: path for tweet_id, path in paths.items() if path}
        open_ = {tweet_id for tweet_id, path in found.items() if PATH <= len(path) < limit}
        while open_:
            paths = await self._paths({found[tweet_id][0] for tweet_id in open_})
            for tweet_id in list(open_):
                above = paths.get(found[tweet_id][0], [])
                found[tweet_id] = [*above, *found[tweet_id]]
                if len(above) < PATH or len(found[tweet_id]) >= limit:
                    open_.remove(tweet_id)
        return {tweet_id: path[-limit:] for tweet_id, path in found.items()}

    async def _paths(self, tweet_ids: Collection[int]) -> dict[int, list[int]]:
        tweets = self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}}, {"path": 1})
        return {tweet["_id"]: tweet.get("path", []) async for tweet in tweets}

    async def tweet_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        authors = self._collections.authors.find({"_id": {"$in": list(set(user_ids))}}, {"tweets": 1})
        return {author["_id"]: author["tweets"] async for author in authors if author.get("tweets")}

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        tweets = self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}, "deleted": None}, {"_id": 1})
        return {tweet["_id"] async for tweet in tweets}

    async def authors_of(self, tweet_ids: Collection[int]) -> Mapping[int, int]:
        tweets = self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}}, {"author_id": 1})
        return {tweet["_id"]: tweet["author_id"] async for tweet in tweets}

    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        found: list[Post] = []
        asked = window
        while user_ids:
            posts = await self._posts(list(set(user_ids)), asked)
            retweeted = {post.tweet_id for post in posts if post.id != post.tweet_id}
            gone = retweeted - await self.standing(retweeted) if retweeted else frozenset[int]()
            stand = [post for post in posts if post.tweet_id not in gone]
            found = stand + found if window.from_oldest else found + stand
            if len(posts) < asked.fetch or len(found) >= window.fetch:
                break
            asked = asked.beyond(posts[0].id, posts[-1].id)
        return window.cut(found)

    async def _posts(self, user_ids: Sequence[int], window: Window) -> list[Post]:
        """Posts, with retweets of deleted tweets among them. What one group of people has bounds what is asked of the next."""
        below, above = bounds(window)
        sign = 1 if window.from_oldest else -1
        found, dead = await self._recent_posts(user_ids, below, above)
        found = sorted(found, key=lambda post: sign * post.id)[: window.fetch]
        for start in range(0, len(user_ids), _MERGED):
            if len(found) == window.fetch:
                below, above = (found[-1].id, above) if window.from_oldest else (below, found[-1].id)
            between = {"$lt": below, "$gt": above, **({"$nin": dead} if dead else {})}
            rows = self._collections.posts.find(
                {"u": {"$in": user_ids[start : start + _MERGED]}, "i": between, "live": True},
                {"_id": 0, "u": 1, "i": 1, "t": 1, "a": 1},
                sort=[("i", sign)],
                limit=window.fetch,
            )
            posts = [post_of(row["u"], row) async for row in rows]
            # A line that is a row already may be in its document still.
            unique = {post.id: post for post in merge(found, posts, key=lambda post: sign * post.id)}
            found = list(unique.values())[: window.fetch]
        return found[::-1] if window.from_oldest else found

    async def _recent_posts(self, user_ids: Sequence[int], below: int, above: int) -> tuple[list[Post], list[int]]:
        """Of people's ledgers: tweets within bounds, and the ids of those that are deleted."""
        inside = {"$and": [{"$lt": ["$$this.i", below]}, {"$gt": ["$$this.i", above]}]}
        recent = {"$filter": {"input": {"$ifNull": ["$recent", []]}, "cond": inside}}
        found: list[Post] = []
        dead: list[int] = []
        async for author in self._collections.authors.find({"_id": {"$in": user_ids}}, {"recent": recent}):
            for line in author["recent"]:
                if "x" in line:
                    dead.append(line["i"])
                else:
                    found.append(Post(line["i"], line["i"], author["_id"], author["_id"]))
        return found, dead

    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]:
        comment: Scatter = "all_tweets"
        tweets = self._collections.tweets.find(
            {"_id": {"$gt": after_id}}, _TWEET_FIELDS, sort=[("_id", 1)], limit=limit, comment=comment
        )
        return [read_tweet(tweet) async for tweet in tweets]

    async def all_edges(self, kind: EdgeKind, after_id: int, limit: int) -> Sequence[Edge]:
        comment: Scatter = "all_edges"
        listed = self._collections.posts if kind == "retweets" else self._collections.marks
        found: list[Edge] = []
        while len(found) < limit:
            wanted = {"k": kind, "i": {"$gt": after_id}, "live": True}
            fields = {"_id": 0, "i": 1, "u": 1, "t": 1}
            rows = await listed.find(wanted, fields, sort=[("i", 1)], limit=limit, comment=comment).to_list()
            standing = await self.standing({row["t"] for row in rows})
            found += [Edge(row["i"], row["u"], row["t"]) for row in rows if row["t"] in standing]
            if len(rows) < limit:
                break
            after_id = rows[-1]["i"]
        return found[:limit]


def _view(tweet: Document, done: AbstractSet[str]) -> View:
    get = tweet.get
    if "deleted" in tweet:
        return View(read_tweet(tweet)).tombstone(hidden=False)
    return View(
        read_tweet(tweet),
        get("likes", 0),
        get("retweets", 0),
        get("replies", 0),
        get("quotes", 0),
        get("bookmarks", 0),
        "likes" in done,
        "retweets" in done,
        "bookmarks" in done,
    )
