"""Analytics on MongoDB: marks are inserted at once and put into counts later, many at a time; who reads adds the two up."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from pymongo import InsertOne, ReplaceOne, UpdateOne

from murmur.mongodb import Concern, Document, MongoEngine, answering, open_client, write_all
from subgraphs.analytics.model import (
    DAY_MS,
    HOUR_MS,
    NO_HOUR,
    TOLD_AGAIN_DAYS,
    Batch,
    Bucket,
    Counts,
    Kind,
    Mark,
    Span,
    StoredDay,
    Subject,
    day_of,
)
from subgraphs.analytics.stores.mongodb.collections import COLLECTIONS, VERSION, Scatter, batch_id, counts_id, mark_id
from subgraphs.analytics.stores.mongodb.settling import Settling

_WHAT = "analytics"
_TOGETHER = 5_000
_FIELDS = {"_id": 0, "o": 1, "t": 1, "d": 1, "h": 1, "n": 1}


class MongoAnalytics:
    """`AnalyticsStore` on the database that a `mongodb://` URL names. Connects when it is first used. Raises StartupError."""

    def __init__(self, url: str) -> None:
        self._client, database = open_client(url)
        self.engine = MongoEngine(database, "analytics", VERSION, COLLECTIONS)
        self._all = Concern().of(database)["analytics"]
        self._settling = Settling(self._client, self._all)

    async def add(self, marks: Sequence[Mark], at: int) -> None:
        forget = at + TOLD_AGAIN_DAYS * DAY_MS
        with answering(_WHAT):
            for start in range(0, len(marks), _TOGETHER):
                some = marks[start : start + _TOGETHER]
                rows = ({"_id": mark_id(mark), "o": mark.owner_id, "n": mark.amount, "p": at, "x": forget} for mark in some)
                await write_all(self._all, [InsertOne(row) for row in rows])

    async def first_told(self, batches: Sequence[Batch]) -> Sequence[int]:
        keys: list[Document] = [{"_id": batch_id(batch), "o": batch.viewer_id} for batch in batches]
        told: list[Document] = [{"at": batch.at, "x": batch.at + TOLD_AGAIN_DAYS * DAY_MS} for batch in batches]
        with answering(_WHAT):
            await write_all(
                self._all,
                [UpdateOne(key, {"$setOnInsert": one}, upsert=True) for key, one in zip(keys, told, strict=True)],
            )
            renewals = zip(keys, told, strict=True)
            await write_all(
                self._all, [UpdateOne({**key, "at": {"$lt": one["at"] - DAY_MS}}, {"$set": one}) for key, one in renewals]
            )
            condition = {"o": {"$in": list({batch.viewer_id for batch in batches})}, "_id": {"$in": [key["_id"] for key in keys]}}
            found = await self._all.find(condition, {"at": 1}).to_list()
        known = {(one["_id"]["o"], one["_id"]["name"]): one["at"] for one in found}
        return [batch.first_at(known[batch.viewer_id, batch.name]) for batch in batches]

    async def series(self, subjects: Collection[Subject], span: Span) -> Mapping[Subject, Mapping[int, Counts]]:
        found: dict[Subject, dict[int, dict[Kind, int]]] = {}
        for subject, day, counts in await self._days(subjects, {"$gte": day_of(span.start), "$lt": span.end}):
            for start, some in _hours(day, counts) if span.bucket is Bucket.HOUR else [(day, _whole(counts))]:
                if some and span.start <= start < span.end:
                    _add(found.setdefault(subject, {}).setdefault(start, {}), some)
        return found

    async def totals(self, subjects: Collection[Subject]) -> Mapping[Subject, Counts]:
        found: dict[Subject, dict[Kind, int]] = {}
        for subject, _, counts in await self._days(subjects, {"$exists": True}):
            _add(found.setdefault(subject, {}), _whole(counts))
        return found

    async def tidy(self, now: int) -> bool:
        with answering(_WHAT):
            return await self._settling.tidy(now)

    async def days_after(self, after: tuple[int, int, int], limit: int) -> Sequence[StoredDay]:
        comment: Scatter = "days_after"
        owner_id, tweet_id, day = after
        rest = {"o": owner_id, "$or": [{"t": tweet_id, "d": {"$gt": day}}, {"t": {"$gt": tweet_id}, "d": {"$exists": True}}]}
        others = {"o": {"$gt": owner_id}, "d": {"$exists": True}}
        order = [("o", 1), ("t", 1), ("d", 1)]
        with answering(_WHAT):
            while await self._settling.settle_all():
                pass
            rows = await self._all.find(rest, _FIELDS, sort=order, limit=limit).to_list()
            if left := limit - len(rows):
                rows += await self._all.find(others, _FIELDS, sort=order, limit=left, comment=comment).to_list()
        return [_stored(row) for row in rows]

    async def put_days(self, rows: Sequence[StoredDay]) -> None:
        with answering(_WHAT):
            await write_all(self._all, [ReplaceOne(*_copy(row), upsert=True) for row in rows])

    async def close(self) -> None:
        await self._client.close()

    async def _days(self, subjects: Collection[Subject], days: Document) -> list[tuple[Subject, int, Document]]:
        """The counts of subjects, each of a day; there may be several of one subject and day."""
        owners, tweets = {subject.owner_id for subject in subjects}, {subject.tweet_id for subject in subjects}
        condition = {"o": {"$in": list(owners)}, "t": {"$in": list(tweets)}, "d": days}
        waiting: Document = {"o": condition["o"], "p": {"$exists": True}}
        if 0 not in tweets:
            waiting["_id.t"] = condition["t"]
        group = {"_id": {"o": "$o", "t": "$_id.t", "k": "$_id.k", "h": "$_id.h"}, "n": {"$sum": "$n"}}
        with answering(_WHAT):
            # Both as of one moment: a mark that goes into the counts meanwhile is seen in one of the two.
            async with self._client.start_session(snapshot=True) as session:
                found = await self._all.find(condition, _FIELDS, session=session).to_list()
                marks = await self._all.aggregate([{"$match": waiting}, {"$group": group}], session=session)
                found += [counts async for mark in marks for counts in _of_marks(mark["_id"], mark["n"])]
        wanted = set(subjects)
        rows = ((Subject(counts["o"], counts["t"]), counts["d"], counts) for counts in found)
        return [row for row in rows if row[0] in wanted]


def _of_marks(name: Document, n: int) -> Iterator[Document]:
    """What marks that are not in the counts yet will add to them."""
    day, hour = day_of(name["h"]), str(name["h"] % DAY_MS // HOUR_MS)
    for tweet_id in {0, name["t"]}:
        yield {"o": name["o"], "t": tweet_id, "d": day, "h": {hour: {name["k"]: n}}}


def _stored(counts: Document) -> StoredDay:
    rows = [(NO_HOUR, kind, n) for kind, n in counts.get("n", {}).items()]
    rows += [(int(hour), kind, n) for hour, of_hour in counts.get("h", {}).items() for kind, n in of_hour.items()]
    return StoredDay(counts["o"], counts["t"], counts["d"], tuple(sorted(rows)))


def _copy(row: StoredDay) -> tuple[Document, Document]:
    """Which document a copy replaces, and by what."""
    key = {"_id": counts_id(row.owner_id, row.tweet_id, row.day), "o": row.owner_id}
    counts: Document = {"t": row.tweet_id, "d": row.day}
    for hour, kind, n in row.counts:
        if hour == NO_HOUR:
            counts.setdefault("n", {})[kind] = n
        else:
            counts["hd"] = row.day
            counts.setdefault("h", {}).setdefault(str(hour), {})[kind] = n
    return key, {"o": row.owner_id, **counts}


def _hours(day: int, counts: Document) -> Iterator[tuple[int, dict[Kind, int]]]:
    for hour, of_hour in counts.get("h", {}).items():
        yield day + int(hour) * HOUR_MS, {Kind(kind): n for kind, n in of_hour.items()}


def _whole(counts: Document) -> dict[Kind, int]:
    total = {Kind(kind): n for kind, n in counts.get("n", {}).items()}
    for _, of_hour in _hours(0, counts):
        _add(total, of_hour)
    return total


def _add(total: dict[Kind, int], more: Counts) -> None:
    for kind, n in more.items():
        total[kind] = total.get(kind, 0) + n
