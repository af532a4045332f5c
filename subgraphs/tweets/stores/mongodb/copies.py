"""Idempotency keys of another store, and for it."""

from collections.abc import Sequence

from bson.datetime_ms import DatetimeMS
from pymongo import InsertOne

from murmur.clock import wall_clock
from murmur.mongodb import write_all
from subgraphs.tweets.model import IdempotencyKey
from subgraphs.tweets.stores.mongodb.collections import KEY_SECONDS, Collections, Scatter
from subgraphs.tweets.stores.mongodb.documents import key_document, key_of


class Copying:
    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    async def keys_after(self, after: tuple[int, str], limit: int) -> Sequence[IdempotencyKey]:
        """Only those whose tweet is there: others are claims of what is being published, or never was.

        What has expired stands in the collection for another minute.
        """
        comment: Scatter = "keys_after"
        author_id, key = after
        found: list[IdempotencyKey] = []
        while len(found) < limit:
            later = {"_id": {"$gt": {"a": author_id, "k": key}}, "at": {"$gt": DatetimeMS(wall_clock() - 1_000 * KEY_SECONDS)}}
            claims = await self._collections.keys.find(later, sort=[("_id", 1)], limit=limit, comment=comment).to_list()
            wanted = {"_id": {"$in": [claim["t"] for claim in claims]}}
            tweets = {tweet["_id"] async for tweet in self._collections.tweets.find(wanted, {"_id": 1})}
            found += [key_of(claim) for claim in claims if claim["t"] in tweets]
            if len(claims) < limit:
                break
            author_id, key = claims[-1]["_id"]["a"], claims[-1]["_id"]["k"]
        return found[:limit]

    async def put_keys(self, rows: Sequence[IdempotencyKey]) -> None:
        await write_all(self._collections.keys, [InsertOne(key_document(row)) for row in rows])
