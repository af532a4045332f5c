"""Lists of many owners, each in a window of its own, in one aggregation: the owners are its documents, and for each of them the
ledger is looked up, and after it as many rows as a page takes, by a range of an index.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pymongo.asynchronous.database import AsyncDatabase

from murmur.cursors import Window
from murmur.mongodb import Document
from murmur.post import Post
from subgraphs.tweets.model import Entry, Listing
from subgraphs.tweets.stores.mongodb.collections import CONCERNS
from subgraphs.tweets.stores.mongodb.documents import bounds, post_of


@dataclass(frozen=True, slots=True)
class _List:
    """Rows of a collection with a shard key `owner`, alike `rows`.

    Of `ledgers` the newest lines are no rows yet; those alike a row are of the list too, all of them without a `kind`.
    With a `tweet`, the name of its id in a row and a condition, a row has `tweet`, an empty list when the tweet does not meet
    it; and `shown` says whether the row is.
    """

    collection: str
    owner: str
    rows: Document
    ledgers: str | None = None
    kind: str | None = None
    tweet: tuple[str, Document] | None = None
    shown: Document = field(default_factory=lambda: {"$literal": True})


_STANDS: Document = {"deleted": None}
_GOES_ON: Document = {"replies": {"$gt": 0}}
_FOUND: Document = {"$ne": ["$tweet", []]}
_ENDED: Document = {"$in": ["$i", "$$ended"]}
_NOT_ENDED: Document = {"$nor": [{"$expr": _ENDED}]}


def _ledger(collection: str, owner: str, ledgers: str, kind: str) -> _List:
    return _List(collection, owner, {"k": kind, "live": True, **_NOT_ENDED}, ledgers, kind)


def _marks(kind: str) -> _List:
    return _List("marks", "u", {"k": kind, "live": True}, tweet=("t", _STANDS), shown=_FOUND)


_LISTS: Mapping[Listing, _List] = {
    "originals": _ledger("posts", "u", "authors", "originals"),
    "replies": _ledger("posts", "u", "authors", "replies"),
    "likes": _marks("likes"),
    "bookmarks": _marks("bookmarks"),
    "thread": _List(
        "edges",
        "t",
        {"k": "replies"},
        "tweets",
        "replies",
        ("i", _GOES_ON),
        {"$or": [{"$and": ["$live", {"$not": _ENDED}]}, _FOUND]},
    ),
    "likers": _ledger("edges", "t", "tweets", "likes"),
    "retweeters": _ledger("edges", "t", "tweets", "retweets"),
}
_POSTS = _List(
    "posts",
    "u",
    {"live": True, **_NOT_ENDED},
    "authors",
    None,
    ("t", _STANDS),
    {"$or": [{"$ne": ["$k", "retweets"]}, _FOUND]},
)
_ENTRY: Mapping[Listing, Callable[[int, Document], Entry]] = {
    "originals": lambda owner, row: Entry(row["i"], row["i"], owner),
    "replies": lambda owner, row: Entry(row["i"], row["i"], owner),
    "likes": lambda _, row: Entry(row["i"], row["t"], row["a"]),
    "bookmarks": lambda _, row: Entry(row["i"], row["t"], row["a"]),
    "thread": lambda _, row: Entry(row["i"], row["i"], row["u"]),
    "likers": lambda owner, row: Entry(row["i"], owner, row["u"]),
    "retweeters": lambda owner, row: Entry(row["i"], owner, row["u"]),
}


class Listings:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = CONCERNS["read"].of(database)

    async def entries(self, listing: Listing, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Entry]]:
        read = _ENTRY[listing]
        owners = await self._look_up(_LISTS[listing], wanted)
        going_on = await self._going_on(owners) if listing == "thread" else frozenset[int]()
        found: dict[int, Sequence[Entry]] = {}
        for owner in owners:
            lines = [line for line in owner["recent"] if "x" not in line or line["i"] in going_on]
            found[owner["_id"]] = [read(owner["_id"], row) for row in _page(lines, owner["rows"], wanted[owner["_id"]])]
        return found

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        found: dict[int, Sequence[Post]] = {}
        for owner in await self._look_up(_POSTS, wanted):
            lines = [line for line in owner["recent"] if "x" not in line]
            found[owner["_id"]] = [post_of(owner["_id"], row) for row in _page(lines, owner["rows"], wanted[owner["_id"]])]
        return found

    async def _look_up(self, list_: _List, wanted: Mapping[int, Window]) -> Sequence[Document]:
        """Owners as {_id, recent, rows}: the lines within their bounds, ended ones too, and as many rows as their pages take.

        One call, and another for those of whom so much is not shown that their page is not full.
        """
        found: dict[int, Document] = {}
        asked = wanted
        while asked:
            unfilled: dict[int, Window] = {}
            for owner in await self._ask(list_, asked):
                owner_id, rows = owner["_id"], owner["rows"]
                shown = [row for row in rows if row["shown"]]
                if owner_id in found:
                    shown = found[owner_id]["rows"] = found[owner_id]["rows"] + shown
                else:
                    found[owner_id] = {**owner, "rows": shown}
                if len(rows) == asked[owner_id].fetch and len(shown) < wanted[owner_id].fetch:
                    ids = [row["i"] for row in rows]
                    unfilled[owner_id] = asked[owner_id].beyond(max(ids), min(ids))
            asked = unfilled
        return list(found.values())

    async def _ask(self, list_: _List, wanted: Mapping[int, Window]) -> Sequence[Document]:
        shapes: dict[tuple[bool, int], list[Document]] = {}
        for owner_id, window in wanted.items():
            below, above = bounds(window)
            shapes.setdefault((window.from_oldest, window.fetch), []).append({"_id": owner_id, "below": below, "above": above})
        found: list[Document] = []
        for (from_oldest, fetch), owners in shapes.items():
            pipeline = [{"$documents": owners}, *_recent(list_), _rows(list_, from_oldest=from_oldest, limit=fetch)]
            async with await self._database.aggregate([*pipeline, {"$project": {"recent": 1, "rows": 1}}]) as cursor:
                found += await cursor.to_list()
        return found

    async def _going_on(self, owners: Iterable[Document]) -> frozenset[int]:
        """The tweets of ended lines that are answered themselves."""
        ended = [line["i"] for owner in owners for line in owner["recent"] if "x" in line]
        if not ended:
            return frozenset()
        tweets = self._database["tweets"].find({"_id": {"$in": ended}, **_GOES_ON}, {"_id": 1})
        return frozenset([tweet["_id"] async for tweet in tweets])


def _recent(list_: _List) -> list[Document]:
    """Stages that look up the ledger: `recent`, its lines within the bounds, and `ended`, the ids of all that were ended."""
    if list_.ledgers is None:
        return [{"$set": {"recent": [], "ended": []}}]
    recent: Document = {"$ifNull": ["$recent", []]}
    if list_.kind is not None:
        recent = {"$filter": {"input": recent, "cond": {"$eq": ["$$this.k", list_.kind]}}}
    ledger = {"from": list_.ledgers, "localField": "_id", "foreignField": "_id", "as": "ledger"}
    inside = {"$and": [{"$lt": ["$$this.i", "$below"]}, {"$gt": ["$$this.i", "$above"]}]}
    return [
        {"$lookup": {**ledger, "pipeline": [{"$project": {"recent": recent}}]}},
        {"$set": {"recent": {"$ifNull": [{"$first": "$ledger.recent"}, []]}}},
        {
            "$set": {
                "recent": {"$filter": {"input": "$recent", "cond": inside}},
                "ended": {"$map": {"input": {"$filter": {"input": "$recent", "cond": "$$this.x"}}, "in": "$$this.i"}},
            }
        },
    ]


def _rows(list_: _List, *, from_oldest: bool, limit: int) -> Document:
    """The stage that looks up `rows`. It comes after the ledger's, so no line is missed that becomes a row meanwhile."""
    between = {"$and": [{"$lt": ["$i", "$$below"]}, {"$gt": ["$i", "$$above"]}]}
    pipeline: list[Document] = [
        {"$match": {**list_.rows, "$expr": between}},
        {"$sort": {"i": 1 if from_oldest else -1}},
        # Before what else is looked up: the server reads ahead of what comes after it.
        {"$limit": limit},
    ]
    if list_.tweet is not None:
        local, condition = list_.tweet
        inner = [{"$match": condition}, {"$project": {"_id": 1}}]
        tweet = {"from": "tweets", "localField": local, "foreignField": "_id", "pipeline": inner, "as": "tweet"}
        pipeline.append({"$lookup": tweet})
    pipeline.append({"$project": {"_id": 0, "i": 1, "u": 1, "t": 1, "a": 1, "shown": list_.shown}})
    names = {name: f"${name}" for name in ("below", "above", "ended")}
    rows = {"from": list_.collection, "localField": "_id", "foreignField": list_.owner, "let": names, "as": "rows"}
    return {"$lookup": {**rows, "pipeline": pipeline}}


def _page(lines: Sequence[Document], rows: Sequence[Document], window: Window) -> Sequence[Document]:
    """Newest first, and each id once: a line that is a row already may be in its document still."""
    unique = {row["i"]: row for row in (*rows, *lines)}
    return window.cut([unique[id_] for id_ in sorted(unique, reverse=True)])
