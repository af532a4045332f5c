"""What tweets have decided and not told yet: the outbox is an array of the tweet's own document, so the event is in the write
that it tells of, and a tweet's events have one order.

Before an event is handed out, what follows from the write is seen to (follow_up.py), in case that who wrote has died since.
A tweet has room for `WAITING` events. When nobody relays, older ones go to the collection `outbox` in parts, which the tweet
names in the update that leaves them out: a part that is not named is not read.
"""

import asyncio
import time
from collections.abc import Sequence

from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection

from murmur.events import Topic, TweetEvent, encode_event
from murmur.mongodb import Document, answering, write_all
from murmur.outbox import OutboxEntry
from subgraphs.tweets.stores.mongodb.collections import Collections, Scatter
from subgraphs.tweets.stores.mongodb.follow_up import Decided, FollowUp, Verb

WAITING = 256
_TOPIC: Topic = "murmur.tweets"
_SCATTER: Scatter = "pending"
_DOCUMENTS = 64
_WAIT_SECONDS = 1.0
_LOOK_SECONDS = (0.01, 0.05)


def outbox_entry(id_: int, verb: Verb, event: TweetEvent | None, **fields: object) -> Document:
    """`id_` is the tweet's for a post and the edge's for an edge, and its negative for the opposite: a tweet has each once."""
    entry: Document = {"id": id_, "at": time.time_ns() // 1_000_000, "v": verb, **fields}
    if event is not None:
        entry["e"] = encode_event(event)
    return entry


def told(entries: Sequence[Document]) -> Document:
    """The part of an update that appends entries to a tweet's outbox, by operator."""
    return {"$push": {"outbox": {"$each": list(entries)}}, "$min": {"due": entries[0]["at"]}}


def may_tell(count: int) -> Document:
    """A filter: a tweet has room for as many events."""
    return {f"outbox.{WAITING - count}": {"$exists": False}}


class MongoOutbox:
    """`seq` of an entry is the `id` in the tweet's outbox; the key is the tweet's id."""

    def __init__(self, relayed: Collections, looked: AsyncCollection[Document], follow_up: FollowUp) -> None:
        self._tweets = relayed.tweets
        self._parts = relayed.outbox
        self._looked = looked
        self._follow_up = follow_up

    async def pending(self, limit: int) -> Sequence[OutboxEntry]:
        with answering("the tweets"):
            while waiting := await self._waiting(limit):
                await self._follow_up(waiting, fresh=False)
                # Bookmarks are nobody's business: nothing is told of them.
                await self._take([(one.tweet_id, one.entry["id"]) for one in waiting if "e" not in one.entry])
                telling = [
                    OutboxEntry(one.entry["id"], _TOPIC, one.tweet_id, one.entry["e"]) for one in waiting if "e" in one.entry
                ]
                if telling:
                    return telling
            return []

    async def remove(self, entries: Sequence[OutboxEntry]) -> None:
        with answering("the tweets"):
            await self._take([(entry.key, entry.seq) for entry in entries])

    async def wait(self) -> None:
        # Whoever writes may be another process. A look costs a key of a sparse index, which is empty when nothing waits.
        deadline = time.monotonic() + _WAIT_SECONDS
        pause, longest = _LOOK_SECONDS
        with answering("the tweets"):
            while await self._looked.find_one({"due": {"$exists": True}}, {"_id": 1}, comment=_SCATTER) is None:
                if time.monotonic() > deadline:
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)

    async def spill(self, tweet_id: int) -> None:
        """Make room in a tweet whose events nobody relays. Anybody may do so at any time; of two at once one does."""
        tweet = await self._tweets.find_one({"_id": tweet_id}, {"outbox": 1})
        if tweet is None or not tweet.get("outbox"):
            return
        spilled = [entry["id"] for entry in tweet["outbox"]]
        part = ObjectId()
        await self._parts.insert_one({"_id": part, "t": tweet_id, "entries": tweet["outbox"]})
        # While the first one is there none was taken, as they are taken from the front.
        unchanged = {"_id": tweet_id, "outbox.0.id": spilled[0]}
        changes = {"outbox": _without(spilled), "parts": {"$concatArrays": [{"$ifNull": ["$parts", []]}, [part]]}}
        moved = await self._tweets.update_one(unchanged, [{"$set": changes}])
        if not moved.modified_count:
            await self._parts.delete_one({"_id": part, "t": tweet_id})

    async def _waiting(self, limit: int) -> list[Decided]:
        """The next entries of those tweets that wait longest, each tweet's in order."""
        found: list[Decided] = []
        fields = {"author_id": 1, "outbox": 1, "parts": 1}
        tweets = self._tweets.find({"due": {"$exists": True}}, fields, sort=[("due", 1)], limit=limit, comment=_SCATTER)
        async with tweets.batch_size(_DOCUMENTS):
            async for tweet in tweets:
                entries = tweet.get("outbox", [])
                for name in tweet.get("parts", ())[:1]:
                    # One part is as many as a tweet has room for: the rest is for the next time.
                    part = await self._parts.find_one({"_id": name, "t": tweet["_id"]})
                    entries = [] if part is None else part["entries"]
                wanted = entries[: limit - len(found)]
                found += [Decided(tweet["_id"], tweet["author_id"], entry) for entry in wanted]
                if len(found) == limit:
                    break
        return found

    async def _take(self, names: Sequence[tuple[int, int]]) -> None:
        """Forget entries, named by their tweet and their id."""
        if not names:
            return
        ids: dict[int, list[int]] = {}
        for tweet_id, id_ in names:
            ids.setdefault(tweet_id, []).append(id_)
        # Most often all of a tweet's entries are taken, and leaving out two fields is the cheapest update there is.
        all_taken = [UpdateOne(_exactly(tweet_id, taken), {"$unset": {"outbox": 1, "due": 1}}) for tweet_id, taken in ids.items()]
        if (await self._tweets.bulk_write(all_taken, ordered=False)).matched_count == len(ids):
            return
        some_left = self._tweets.find({"_id": {"$in": list(ids)}, "due": {"$exists": True}}, {"_id": 1})
        left = [tweet["_id"] async for tweet in some_left]
        await write_all(self._tweets, [UpdateOne({"_id": tweet_id}, _forget(ids[tweet_id])) for tweet_id in left])
        # Parts are looked for after that: entries that were spilled before it are in one, and those left are not spilled after.
        async for tweet in self._tweets.find({"_id": {"$in": left}, "parts": {"$exists": True}}, {"parts": 1}):
            for name in tweet["parts"]:
                await self._take_of_part(tweet["_id"], name, ids[tweet["_id"]])

    async def _take_of_part(self, tweet_id: int, name: ObjectId, ids: Sequence[int]) -> None:
        part = {"_id": name, "t": tweet_id}
        left = await self._parts.find_one_and_update(
            part, {"$pull": {"entries": {"id": {"$in": list(ids)}}}}, return_document=ReturnDocument.AFTER
        )
        if left is None or not left["entries"]:
            await self._tweets.update_one({"_id": tweet_id}, _forget((), part=name))
            await self._parts.delete_one(part)


def _exactly(tweet_id: int, ids: Sequence[int]) -> Document:
    """A filter: these are all that a tweet has to tell. As entries are taken from the front, the ends and the length say so."""
    ends = {"outbox.0.id": ids[0], f"outbox.{len(ids) - 1}.id": ids[-1], f"outbox.{len(ids)}": {"$exists": False}}
    return {"_id": tweet_id, **ends, "parts": None}


def _without(ids: Sequence[int]) -> Document:
    waiting = {"$ifNull": ["$outbox", []]}
    return {"$filter": {"input": waiting, "cond": {"$not": {"$in": ["$$this.id", list(ids)]}}}}


def _forget(ids: Sequence[int], *, part: ObjectId | None = None) -> list[Document]:
    """An update that leaves out entries and a part, and `due` too when nothing is left. What is empty takes no room."""
    parts = {"$filter": {"input": {"$ifNull": ["$parts", []]}, "cond": {"$ne": ["$$this", part]}}}
    some = {name: {"$gt": [{"$size": f"${name}"}, 0]} for name in ("outbox", "parts")}
    due = {"$cond": [some["parts"], "$due", {"$cond": [some["outbox"], {"$min": "$outbox.at"}, "$$REMOVE"]}]}
    return [
        {"$set": {"outbox": _without(ids), "parts": parts}},
        {"$set": {"due": due, **{name: {"$cond": [some[name], f"${name}", "$$REMOVE"]} for name in some}}},
    ]
