"""Puts marks into counts, sums up what is old, and forgets names, each a part at a time; whoever does the same at once meets."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from pymongo import AsyncMongoClient, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from murmur.ids import MAX_ID
from murmur.mongodb import Document, few_at_once, transact, write_all
from subgraphs.analytics.model import BEFORE, DAY_MS, DAYS_KEPT, HOURS_KEPT_DAYS, day_of
from subgraphs.analytics.stores.mongodb.collections import Scatter, counts_id, day_path, hour_path

SETTLE_AFTER_MS = 30_000
"""For how long marks wait for others of their owner. Readers add up what waits, which costs them more the more it is."""
_TOGETHER = 500
_AT_ONCE = 2_000


class Settling:
    def __init__(self, client: AsyncMongoClient[Document], all_: AsyncCollection[Document]) -> None:
        self._client = client
        self._all = all_

    async def settle_all(self, before: int = MAX_ID) -> bool:
        """Count what came before; whether there may be more."""
        comment: Scatter = "settle"
        found = await self._all.find({"p": {"$lt": before}}, {"_id": 0, "o": 1}, limit=_AT_ONCE, comment=comment).to_list()
        await few_at_once([self._settle(owner_id) for owner_id in {mark["o"] for mark in found}])
        return len(found) == _AT_ONCE

    async def tidy(self, now: int) -> bool:
        more = await self.settle_all(now - SETTLE_AFTER_MS)
        parts = [
            await self._sum_up_hours(day_of(now) - HOURS_KEPT_DAYS * DAY_MS),
            await self._sum_up_days(day_of(now) - DAYS_KEPT * DAY_MS),
            await self._forget(now),
        ]
        return more or max(parts) == _AT_ONCE

    async def _settle(self, owner_id: int) -> None:
        while await transact(self._client, lambda session: self._count(session, owner_id)) == _TOGETHER:
            pass

    async def _count(self, session: AsyncClientSession, owner_id: int) -> int:
        """Count the oldest marks that wait; how many."""
        waiting = {"o": owner_id, "p": {"$exists": True}}
        marks = await self._all.find(waiting, sort=[("p", 1)], limit=_TOGETHER, session=session).to_list()
        if not marks:
            return 0
        # First: whoever counts some of the same marks fails here, before it counts anything, and looks again.
        ids = [mark["_id"] for mark in marks]
        await self._all.update_many({"o": owner_id, "_id": {"$in": ids}}, {"$unset": {"p": True}}, session=session)
        counts: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
        for mark in marks:
            name = mark["_id"]
            for tweet_id in {0, name["t"]}:
                counts[tweet_id, day_of(name["h"])][hour_path(name["h"], name["k"])] += mark["n"]
        writes = [_add(owner_id, tweet_id, day, amounts, {"hd": day}) for (tweet_id, day), amounts in counts.items()]
        await self._all.bulk_write(writes, ordered=False, session=session)
        return len(marks)

    async def _sum_up_hours(self, before: int) -> int:
        comment: Scatter = "sum_up_hours"
        found = await self._all.find({"hd": {"$lt": before}}, limit=_AT_ONCE, comment=comment).to_list()
        # What has been counted in an hour meanwhile stays, for the next time.
        writes = [
            UpdateOne(
                {"_id": counts["_id"], "o": counts["o"], "h": counts["h"]},
                {"$unset": {"h": True, "hd": True}, "$inc": _of_days(counts["h"].values())},
            )
            for counts in found
        ]
        await write_all(self._all, writes)
        return len(found)

    async def _sum_up_days(self, before: int) -> int:
        comment: Scatter = "sum_up_days"
        old = {"d": {"$gte": 0, "$lt": before}}
        found = await self._all.find(old, {"_id": 0, "o": 1}, limit=_AT_ONCE, comment=comment).to_list()

        async def move(session: AsyncClientSession, owner_id: int) -> None:
            days = await self._all.find({"o": owner_id, **old, "n": {"$exists": True}, "h": None}, session=session).to_list()
            if days:
                await self._all.delete_many({"o": owner_id, "_id": {"$in": [day["_id"] for day in days]}}, session=session)
                by_tweet: defaultdict[int, list[Document]] = defaultdict(list)
                for day in days:
                    by_tweet[day["t"]].append(day["n"])
                writes = [_add(owner_id, tweet_id, BEFORE, _of_days(ns), {}) for tweet_id, ns in by_tweet.items()]
                await self._all.bulk_write(writes, ordered=False, session=session)

        owners = {day["o"] for day in found}
        await few_at_once([transact(self._client, lambda session, owner=owner: move(session, owner)) for owner in owners])
        return len(found)

    async def _forget(self, now: int) -> int:
        comment: Scatter = "forget"
        old = {"x": {"$lt": now}, "p": None}
        found = await self._all.find(old, {"o": 1}, limit=_AT_ONCE, comment=comment).to_list()
        if found:
            owners = list({each["o"] for each in found})
            await self._all.delete_many({"o": {"$in": owners}, "_id": {"$in": [each["_id"] for each in found]}, **old})
        return len(found)


def _add(owner_id: int, tweet_id: int, day: int, amounts: Counter[str], more: Document) -> UpdateOne:
    change = {"$inc": dict(amounts), "$set": {"t": tweet_id, "d": day, **more}}
    return UpdateOne({"_id": counts_id(owner_id, tweet_id, day), "o": owner_id}, change, upsert=True)


def _of_days(counts: Iterable[Document]) -> Counter[str]:
    """What several counts by kind come to, as changes of those of a day."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update({day_path(kind): n for kind, n in each.items()})
    return total
