"""The trend store on MongoDB.

    trend_slots    a person's use of a hashtag in an hour        sharded by g, the hashtag
    trend_counts   how often a hashtag was used, a day           by g
    trend_tweets   which hashtags a tweet has, or that it is gone    by _id, the tweet
    trend_boards   a window's board, and the first hour of all   by _id

A document of `trend_slots`: _id {g, h, u}, g, h the hour, u the person, t the tweets, `until`. One of `trend_counts`: _id {g, d},
g, d the day, n the day's uses, h {hour: its uses}, last: the latest hour. Slots and counts change together, in a transaction
for each hashtag. docs/decisions/0017-trends.md tells why.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

from bson.datetime_ms import DatetimeMS
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from murmur.mongodb import Concern, Document, Index, MongoEngine, Sharded, answering, few_at_once, open_client, transact
from subgraphs.search.model import Board, Ranked, Tagged, TrendWindow

VERSION = 1
_EXPIRES = Index(("until",), {"expireAfterSeconds": 0})
COLLECTIONS = (
    Sharded("trend_slots", "g", (Index(("g", "h")), _EXPIRES)),
    Sharded("trend_counts", "g", (Index(("g", "d")), Index(("last",)), Index(("d",)))),
    Sharded("trend_tweets", "_id", (_EXPIRES,)),
    Sharded("trend_boards", "_id"),
)
Scatter = Literal["trends used", "trends tidy", "trends clear"]
SCATTERS: Mapping[Scatter, str] = {
    "trends used": "ranking looks for the hashtags that are used most, every few seconds at most, by an index of their last use",
    "trends tidy": "old counts are let go, once an hour, by an index of their day",
    "trends clear": "whoever counts anew begins with nothing",
}
"""The only queries that ask every shard, and why. Each carries its name as the command's comment."""

_DAY = 24
_SINCE = "since"
_WHAT = "the trends"
_Uses = dict[tuple[int, int], list[int]]
"""Tweets of a hashtag by hour and person."""


class MongoTrendStore:
    """The store of the database that a `mongodb://` URL names. Connects when it is first used. Raises StartupError."""

    def __init__(self, url: str) -> None:
        self._client, database = open_client(url)
        self.engine = MongoEngine(database, "trends", VERSION, COLLECTIONS)
        kept = Concern().of(database)
        self._slots, self._counts = kept["trend_slots"], kept["trend_counts"]
        self._tweets, self._boards = kept["trend_tweets"], kept["trend_boards"]

    async def add(self, tweets: Sequence[Tagged], until: int) -> None:
        if not tweets:
            return
        with answering(_WHAT):
            # In this order: whoever removes a tweet that is being added finds its hashtags, or is found at the end.
            at = DatetimeMS(until)
            await self._tweets.bulk_write(
                [
                    UpdateOne(
                        {"_id": tweet.tweet_id},
                        {"$setOnInsert": {"g": tweet.tags, "h": tweet.hour, "u": tweet.person_id}, "$max": {"until": at}},
                        upsert=True,
                    )
                    for tweet in tweets
                ],
                ordered=False,
            )
            ids = [tweet.tweet_id for tweet in tweets]
            gone = await self._gone(ids)
            standing = [tweet for tweet in tweets if tweet.tweet_id not in gone]
            await few_at_once([self._fill(tag, uses, at) for tag, uses in _by_tag(standing).items()])
            if standing:
                hour = min(tweet.hour for tweet in standing)
                await self._boards.update_one({"_id": _SINCE}, {"$min": {"hour": hour}}, upsert=True)
                late = await self._gone([tweet.tweet_id for tweet in standing])
                await self._empty([tweet for tweet in standing if tweet.tweet_id in late])

    async def remove(self, tweet_ids: Collection[int], until: int) -> None:
        if not tweet_ids:
            return
        with answering(_WHAT):
            gone = {"$set": {"gone": True}, "$max": {"until": DatetimeMS(until)}}
            await self._tweets.bulk_write(
                [UpdateOne({"_id": tweet_id}, gone, upsert=True) for tweet_id in tweet_ids], ordered=False
            )
            found = self._tweets.find({"_id": {"$in": list(tweet_ids)}, "g": {"$exists": True}})
            await self._empty([Tagged(one["_id"], one["u"], one["h"], tuple(one["g"])) async for one in found])

    async def since(self) -> int | None:
        with answering(_WHAT):
            found = await self._boards.find_one({"_id": _SINCE})
            return None if found is None else found["hour"]

    async def used(self, hours: range, least: int, limit: int) -> Mapping[str, int]:
        stages = [
            {"$match": {"last": {"$gte": hours.start}}},
            {"$project": {"g": 1, "h": {"$objectToArray": "$h"}}},
            {"$project": {"g": 1, "n": {"$sum": {"$map": {"input": _within("$h", hours), "in": "$$this.v"}}}}},
            {"$group": {"_id": "$g", "n": {"$sum": "$n"}}},
            {"$match": {"n": {"$gte": least}}},
            {"$sort": {"n": -1, "_id": 1}},
            {"$limit": limit},
        ]
        with answering(_WHAT):
            found = await self._counts.aggregate(stages, comment="trends used")
            return {one["_id"]: one["n"] async for one in found}

    async def past(self, tags: Collection[str], hours: range) -> Mapping[str, Mapping[int, int]]:
        days = {"$gte": hours.start // _DAY, "$lte": hours.stop // _DAY}
        return await self._past(
            {"$match": {"g": {"$in": list(tags)}, "d": days}},
            {"$project": {"g": 1, "h": {"$objectToArray": "$h"}}},
            {"$project": {"g": 1, "h": _within("$h", hours)}},
            {"$unwind": "$h"},
            {"$project": {"g": 1, "n": "$h.v"}},
        )

    async def past_days(self, tags: Collection[str], days: range) -> Mapping[str, Mapping[int, int]]:
        return await self._past({"$match": {"g": {"$in": list(tags)}, "d": {"$gte": days.start, "$lt": days.stop}}})

    async def used_by(self, tags: Collection[str], hours: range, least: int) -> AbstractSet[str]:
        stages = [
            {"$match": {"g": {"$in": list(tags)}, "h": {"$gte": hours.start, "$lt": hours.stop}}},
            {"$group": {"_id": {"g": "$g", "u": "$u"}}},
            {"$group": {"_id": "$_id.g", "n": {"$sum": 1}}},
            {"$match": {"n": {"$gte": least}}},
        ]
        with answering(_WHAT):
            return {one["_id"] async for one in await self._slots.aggregate(stages)}

    async def set_board(self, window: TrendWindow, board: Board) -> None:
        document = {"at": board.at, "rows": [[row.tag, row.uses] for row in board.rows]}
        with answering(_WHAT):
            await self._boards.replace_one({"_id": window.value}, document, upsert=True)

    async def board(self, window: TrendWindow) -> Board | None:
        with answering(_WHAT):
            found = await self._boards.find_one({"_id": window.value})
        return None if found is None else Board(found["at"], tuple(Ranked(tag, uses) for tag, uses in found["rows"]))

    async def tidy(self, hour: int, day: int) -> None:
        # Who used what expires by itself.
        with answering(_WHAT):
            await self._counts.delete_many({"d": {"$lt": day}}, comment="trends tidy")
            rolled_up = {"d": {"$lt": hour // _DAY}, "h": {"$exists": True}}
            await self._counts.update_many(rolled_up, {"$unset": {"h": True}}, comment="trends tidy")

    async def clear(self) -> None:
        with answering(_WHAT):
            for collection in (self._slots, self._counts, self._boards):
                await collection.delete_many({}, comment="trends clear")
            await self._tweets.delete_many({"gone": None}, comment="trends clear")

    async def close(self) -> None:
        await self._client.close()

    async def _gone(self, tweet_ids: Sequence[int]) -> AbstractSet[int]:
        found = self._tweets.find({"_id": {"$in": tweet_ids}, "gone": True}, {"_id": 1})
        return {one["_id"] async for one in found}

    async def _past(self, *stages: Document) -> Mapping[str, Mapping[int, int]]:
        counted = [
            {"$match": {"n": {"$gt": 0}}},
            {"$group": {"_id": {"g": "$g", "n": "$n"}, "times": {"$sum": 1}}},
        ]
        found: defaultdict[str, dict[int, int]] = defaultdict(dict)
        with answering(_WHAT):
            async for one in await self._counts.aggregate([*stages, *counted]):
                found[one["_id"]["g"]][one["_id"]["n"]] = one["times"]
        return found

    async def _fill(self, tag: str, uses: _Uses, until: DatetimeMS) -> None:
        slots = list(uses)

        async def work(session: AsyncClientSession) -> None:
            done = await self._slots.bulk_write(
                [
                    UpdateOne(
                        {"_id": {"g": tag, "h": hour, "u": person}, "g": tag},
                        {
                            "$addToSet": {"t": {"$each": tweets}},
                            "$setOnInsert": {"h": hour, "u": person},
                            "$max": {"until": until},
                        },
                        upsert=True,
                    )
                    for (hour, person), tweets in uses.items()
                ],
                session=session,
            )
            await self._add_up(session, tag, [(slots[index][0], 1) for index in done.upserted_ids or ()])

        await transact(self._client, work)

    async def _empty(self, tweets: Sequence[Tagged]) -> None:
        await few_at_once([self._take(tag, uses) for tag, uses in _by_tag(tweets).items()])

    async def _take(self, tag: str, uses: _Uses) -> None:
        async def work(session: AsyncClientSession) -> None:
            keys = [{"_id": {"g": tag, "h": hour, "u": person}, "g": tag} for hour, person in uses]
            pulls = [UpdateOne(key, {"$pull": {"t": {"$in": tweets}}}) for key, tweets in zip(keys, uses.values(), strict=True)]
            await self._slots.bulk_write(pulls, session=session)
            # One delete for each, to know which of them went.
            emptied: list[tuple[int, int]] = []
            for key, (hour, _) in zip(keys, uses, strict=True):
                done = await self._slots.delete_one({**key, "t": []}, session=session)
                emptied += [(hour, -1)] * done.deleted_count
            await self._add_up(session, tag, emptied)

        await transact(self._client, work)

    async def _add_up(self, session: AsyncClientSession, tag: str, changes: Iterable[tuple[int, int]]) -> None:
        by_day: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        for hour, by in changes:
            by_day[hour // _DAY][hour] += by
        writes = [
            UpdateOne(
                {"_id": {"g": tag, "d": day}, "g": tag},
                {
                    "$inc": {"n": sum(hours.values()), **{f"h.{hour}": by for hour, by in hours.items()}},
                    "$setOnInsert": {"d": day},
                    "$max": {"last": max(hours)},
                },
                upsert=True,
            )
            for day, hours in by_day.items()
        ]
        if writes:
            await self._counts.bulk_write(writes, session=session)


def _within(pairs: str, hours: range) -> Document:
    """Of pairs of an hour, as text, and its uses: those of the hours of a range."""
    hour: Document = {"$toInt": "$$this.k"}
    among = {"$and": [{"$gte": [hour, hours.start]}, {"$lt": [hour, hours.stop]}]}
    return {"$filter": {"input": {"$ifNull": [pairs, []]}, "cond": among}}


def _by_tag(tweets: Iterable[Tagged]) -> Mapping[str, _Uses]:
    found: defaultdict[str, _Uses] = defaultdict(dict)
    for tweet in tweets:
        for tag in tweet.tags:
            found[tag].setdefault((tweet.hour, tweet.person_id), []).append(tweet.tweet_id)
    return found
