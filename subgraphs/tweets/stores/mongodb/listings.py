"""Lists of many owners, each in a window of its own, in as many calls whatever their number: the owners' ledgers, then the rows
of all of them (a union of one range of an index each), then what is to be known of the tweets. In this order no line is missed
that leaves its ledger meanwhile. A page of which much is not shown asks once more.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from murmur.cursors import Window
from murmur.mongodb import Document
from murmur.post import Post
from subgraphs.tweets.model import Entry, Listing
from subgraphs.tweets.stores.mongodb.collections import Collections
from subgraphs.tweets.stores.mongodb.documents import bounds, post_of

# A pipeline may have a thousand stages.
_UNITED = 200
_ROW_FIELDS = {"_id": 0, "i": 1, "k": 1, "u": 1, "t": 1, "a": 1, "live": 1}


@dataclass(frozen=True, slots=True)
class _List:
    """Rows of `collection` by `owner`, of one kind if there is one; the newest of them may be lines of `ledgers` instead.

    `shown` is what a row's tweet must do: "stand", but for a person's own, or "go on" with answers where the row was ended.
    """

    collection: Literal["posts", "marks", "edges"]
    owner: Literal["u", "t"]
    kind: str | None = None
    ledgers: Literal["authors", "tweets"] | None = None
    shown: Literal["stand", "go on"] | None = None


_LISTS: Mapping[Listing, _List] = {
    "originals": _List("posts", "u", "originals", "authors"),
    "replies": _List("posts", "u", "replies", "authors"),
    "likes": _List("marks", "u", "likes", shown="stand"),
    "bookmarks": _List("marks", "u", "bookmarks", shown="stand"),
    "thread": _List("edges", "t", "replies", "tweets", shown="go on"),
    "likers": _List("edges", "t", "likes", "tweets"),
    "retweeters": _List("edges", "t", "retweets", "tweets"),
}
_POSTS = _List("posts", "u", None, "authors", shown="stand")
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
    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    async def entries(self, listing: Listing, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Entry]]:
        read = _ENTRY[listing]
        found = await self._look_up(_LISTS[listing], wanted)
        return {owner_id: [read(owner_id, row) for row in rows] for owner_id, rows in found.items()}

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        found = await self._look_up(_POSTS, wanted)
        return {owner_id: [post_of(owner_id, row) for row in rows] for owner_id, rows in found.items()}

    async def _look_up(self, list_: _List, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Document]]:
        """What is in each owner's window, newest first; each id once, as what is a row already may be a line still."""
        lines = await self._lines(list_, wanted)
        ended = {owner_id: {line["i"] for line in of_owner if not line["live"]} for owner_id, of_owner in lines.items()}
        found: dict[int, dict[int, Document]] = {owner_id: {} for owner_id in wanted}
        await self._show(list_, lines, found)
        asked = wanted
        while asked:
            rows = await self._rows(list_, asked)
            for owner_id, of_owner in rows.items():
                for row in of_owner:
                    row["live"] = "live" in row and row["i"] not in ended.get(owner_id, ())
            await self._show(list_, rows, found)
            asked = {
                owner_id: asked[owner_id].beyond(max(ids), min(ids))
                for owner_id, of_owner in rows.items()
                if len(ids := [row["i"] for row in of_owner]) == asked[owner_id].fetch
                and len(found[owner_id]) < wanted[owner_id].fetch
            }
        return {
            owner_id: wanted[owner_id].cut([of_owner[id_] for id_ in sorted(of_owner, reverse=True)])
            for owner_id, of_owner in found.items()
        }

    async def _lines(self, list_: _List, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Document]]:
        """The lines of ledgers within their owners' windows, `live` or ended."""
        if list_.ledgers is None or not wanted:
            return {}
        limits = {owner_id: bounds(window) for owner_id, window in wanted.items()}
        inside: list[Document] = [
            {"$lt": ["$$this.i", max(below for below, _ in limits.values())]},
            {"$gt": ["$$this.i", min(above for _, above in limits.values())]},
        ]
        if list_.kind is not None:
            inside.append({"$eq": ["$$this.k", list_.kind]})
        recent = {"$filter": {"input": {"$ifNull": ["$recent", []]}, "cond": {"$and": inside}}}
        ledgers = self._collections.authors if list_.ledgers == "authors" else self._collections.tweets
        found: dict[int, list[Document]] = {}
        async for ledger in ledgers.find({"_id": {"$in": list(wanted)}}, {"recent": recent}):
            below, above = limits[ledger["_id"]]
            found[ledger["_id"]] = [{**line, "live": "x" not in line} for line in ledger["recent"] if above < line["i"] < below]
        return found

    async def _rows(self, list_: _List, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Document]]:
        """At most `fetch` rows of each owner's window; of a thread those that were ended too."""
        collection = getattr(self._collections, list_.collection)
        alike: Document = {} if list_.kind is None else {"k": list_.kind}
        if list_.shown != "go on":
            alike["live"] = True
        pipelines: list[list[Document]] = []
        for owner_id, window in wanted.items():
            below, above = bounds(window)
            between = {"$match": {list_.owner: owner_id, **alike, "i": {"$lt": below, "$gt": above}}}
            pipelines.append([between, {"$sort": {"i": 1 if window.from_oldest else -1}}, {"$limit": window.fetch}])
        found: dict[int, list[Document]] = {}
        for start in range(0, len(pipelines), _UNITED):
            first, *others = pipelines[start : start + _UNITED]
            united = [{"$unionWith": {"coll": list_.collection, "pipeline": pipeline}} for pipeline in others]
            async with await collection.aggregate([*first, *united, {"$project": _ROW_FIELDS}]) as rows:
                async for row in rows:
                    found.setdefault(row[list_.owner], []).append(row)
        return found

    async def _show(self, list_: _List, rows: Mapping[int, Sequence[Document]], found: Mapping[int, dict[int, Document]]) -> None:
        """Add to `found` what of `rows`, which know whether they are `live`, is shown."""
        everything = [row for of_owner in rows.values() for row in of_owner]
        shown: AbstractSet[int] = frozenset()
        if list_.shown == "stand":
            shown = await self._tweets({row["t"] for row in everything if "t" in row}, {"deleted": None})
        elif list_.shown == "go on":
            shown = await self._tweets({row["i"] for row in everything if not row["live"]}, {"replies": {"$gt": 0}})
        for owner_id, of_owner in rows.items():
            for row in of_owner:
                is_shown = row["live"]
                if list_.shown == "stand":
                    is_shown = is_shown and ("t" not in row or row["t"] in shown)
                elif list_.shown == "go on":
                    is_shown = is_shown or row["i"] in shown
                if is_shown:
                    found[owner_id].setdefault(row["i"], row)

    async def _tweets(self, tweet_ids: Collection[int], condition: Document) -> AbstractSet[int]:
        """Those that meet a condition."""
        if not tweet_ids:
            return frozenset()
        tweets = self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}, **condition}, {"_id": 1})
        return {tweet["_id"] async for tweet in tweets}
