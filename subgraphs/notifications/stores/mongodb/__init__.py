"""Notifications on MongoDB: all that a person has is on one shard, and changes there by itself."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from murmur.cursors import Window
from murmur.ids import MAX_ID, id_time
from murmur.mongodb import Concern, Document, MongoEngine, answering, few_at_once, open_client, write_all
from subgraphs.notifications.model import Kind, Notice, Notification, Recipient, StoredNotice
from subgraphs.notifications.stores.mongodb.adding import Adding
from subgraphs.notifications.stores.mongodb.changes import Changes
from subgraphs.notifications.stores.mongodb.collections import (
    COLLECTIONS,
    VERSION,
    Scatter,
    group_id,
    notice_id,
    person_key,
)

_WHAT = "notifications"


class MongoNotifications:
    """`NotificationStore` on the database that a `mongodb://` URL names. Connects when it is first used. Raises StartupError."""

    def __init__(self, url: str) -> None:
        self._client, database = open_client(url)
        self.engine = MongoEngine(database, "notifications", VERSION, COLLECTIONS)
        concerned = Concern().of(database)
        self._all = concerned["notifications"]
        self._notified = concerned["notified"]
        self._changes = Changes(self._client, self._all)
        self._adding = Adding(self._client, self._all, self._notified, self._changes)

    async def add(self, notices: Sequence[Notice]) -> AbstractSet[int]:
        with answering(_WHAT):
            return await self._adding.add(notices)

    async def withdraw(
        self, kind: Kind, actor_id: int, *, recipient_id: int | None = None, tweet_id: int | None = None
    ) -> AbstractSet[int]:
        with answering(_WHAT):
            if tweet_id is None and recipient_id is not None:
                lost = await self._changes.withdraw(recipient_id, {"_id.a": actor_id, "_id.k": kind.value})
                return {recipient_id} if lost else set()
            recipients = await self._notified_of(tweet_id or 0)
            slots = [notice_id(each, kind.value, tweet_id, actor_id) for each in recipients]
            found = self._all.find({"r": {"$in": recipients}, "_id": {"$in": slots}}, {"r": 1})
            return {
                notice["r"]
                for notice in await found.to_list()
                if await self._changes.withdraw(notice["r"], {"_id": notice["_id"]})
            }

    async def forget_tweet(self, tweet_id: int) -> AbstractSet[int]:
        with answering(_WHAT):
            recipients = await self._notified_of(tweet_id)
            lost = await few_at_once([self._changes.forget_tweet(recipient_id, tweet_id) for recipient_id in recipients])
            await self._notified.delete_many({"t": tweet_id, "r": {"$in": recipients}})
        return {recipient_id for recipient_id, any_ in zip(recipients, lost, strict=True) if any_}

    async def forget_between(self, one_id: int, other_id: int) -> AbstractSet[int]:
        with answering(_WHAT):
            pairs = (one_id, other_id), (other_id, one_id)
            return {recipient for recipient, actor in pairs if await self._changes.withdraw(recipient, {"_id.a": actor})}

    async def page(self, recipient_id: int, wanted: Window, kinds: AbstractSet[Kind]) -> Sequence[Notification]:
        below = MAX_ID if wanted.below is None else wanted.below
        above = -1 if wanted.above is None else wanted.above
        condition: Document = {"r": recipient_id, "at": {"$lt": below, "$gt": above}}
        if len(kinds) < len(Kind):
            condition["k"] = {"$in": [kind.value for kind in kinds]}
        found = await self._groups(recipient_id, condition, 1 if wanted.from_oldest else -1, wanted.fetch)
        return found[::-1] if wanted.from_oldest else found

    async def after(self, recipient_id: int, position: int, limit: int) -> Sequence[Notification]:
        return await self._groups(recipient_id, {"r": recipient_id, "at": {"$gt": position}}, 1, limit)

    async def of_positions(self, recipient_id: int, positions: Collection[int]) -> Mapping[int, Notification]:
        with answering(_WHAT):
            held = self._all.find({"r": recipient_id, "p": {"$in": list(positions)}}, {"_id": 0, "p": 1, "g": 1})
            places = {notice["p"]: notice["g"] async for notice in held}
        ids = [group_id(recipient_id, group) for group in set(places.values())]
        found = await self._groups(recipient_id, {"r": recipient_id, "_id": {"$in": ids}}) if ids else []
        groups = {each.group_id: each for each in found}
        return {position: groups[group] for position, group in places.items() if group in groups}

    async def last_position(self, recipient_id: int) -> int:
        return await self._position(recipient_id, "last")

    async def mark_read(self, recipient_id: int, position: int) -> bool:
        unread = {**person_key(recipient_id), "read": {"$lt": position}}
        change = {"$set": {"read": position}, "$inc": {"turn": 1}}
        with answering(_WHAT):
            try:
                await self._all.update_one(unread, {**change, "$setOnInsert": {"last": 0}}, upsert=True)
            except DuplicateKeyError:
                # There is somebody: who has read as far, or came in this moment.
                return (await self._all.update_one(unread, change)).modified_count > 0
        return True

    async def read_up_to(self, recipient_id: int) -> int:
        return await self._position(recipient_id, "read")

    async def muted_kinds(self, recipient_ids: Collection[int]) -> Mapping[int, AbstractSet[Kind]]:
        ids = {"$in": list(recipient_ids)}
        with answering(_WHAT):
            people = await self._all.find({"_id": ids, "r": ids, "muted.0": {"$exists": True}}, {"muted": 1}).to_list()
        return {person["_id"]: frozenset(map(Kind, person["muted"])) for person in people}

    async def set_muted_kind(self, recipient_id: int, kind: Kind, *, muted: bool) -> None:
        change = {"$addToSet" if muted else "$pull": {"muted": kind.value}, "$setOnInsert": {"last": 0, "read": 0}}
        with answering(_WHAT):
            await self._all.update_one(person_key(recipient_id), change, upsert=True)

    async def recipients_after(self, recipient_id: int, limit: int) -> Sequence[Recipient]:
        comment: Scatter = "recipients_after"
        condition = {"r": {"$gt": recipient_id}, "last": {"$exists": True}}
        with answering(_WHAT):
            people = await self._all.find(condition, sort=[("r", 1)], limit=limit, comment=comment).to_list()
        return [
            Recipient(one["r"], one["last"], one["read"], one.get("let", 0), tuple(sorted(map(Kind, one.get("muted", ())))))
            for one in people
        ]

    async def notices_after(self, after: tuple[int, int], limit: int) -> Sequence[StoredNotice]:
        comment: Scatter = "notices_after"
        recipient_id, position = after
        found: list[StoredNotice] = []
        with answering(_WHAT):
            while len(found) < limit:
                rest = self._all.find({"r": recipient_id, "p": {"$gt": position}}, sort=[("p", 1)], limit=limit)
                rows = await rest.to_list()
                if len(rows) < limit:
                    others = {"r": {"$gt": recipient_id}, "p": {"$exists": True}}
                    left = limit - len(rows)
                    rows += await self._all.find(others, sort=[("r", 1), ("p", 1)], limit=left, comment=comment).to_list()
                gone = await self._gone({row["r"] for row in rows})
                found += [_stored(row) for row in rows if row["g"] not in gone.get(row["r"], ())]
                if len(rows) < limit:
                    break
                recipient_id, position = rows[-1]["r"], rows[-1]["p"]
        return found[:limit]

    async def put_recipients(self, rows: Sequence[Recipient]) -> None:
        writes = [
            UpdateOne(
                person_key(row.id),
                {
                    "$set": {
                        "last": row.last_position,
                        "read": row.read_up_to,
                        "let": row.let_go_up_to,
                        "muted": [kind.value for kind in row.muted_kinds],
                    }
                },
                upsert=True,
            )
            for row in rows
        ]
        with answering(_WHAT):
            await write_all(self._all, writes)

    async def put_notices(self, rows: Sequence[StoredNotice]) -> None:
        with answering(_WHAT):
            await self._adding.note(rows)
            theirs = [(recipient_id, list(some)) for recipient_id, some in groupby(rows, lambda row: row.recipient_id)]
            await few_at_once([self._adding.put(recipient_id, some) for recipient_id, some in theirs])

    async def close(self) -> None:
        await self._client.close()

    async def _notified_of(self, tweet_id: int) -> list[int]:
        return [each["r"] async for each in self._notified.find({"t": tweet_id}, {"_id": 0, "r": 1})]

    async def _groups(self, recipient_id: int, where: Document, order: int | None = None, limit: int = 0) -> list[Notification]:
        with answering(_WHAT):
            # First how far was read: what is read meanwhile is shown as it was.
            read = await self._position(recipient_id, "read")
            groups = await self._all.find(where, sort=None if order is None else [("at", order)], limit=limit).to_list()
        return [_notification(group, read) for group in groups]

    async def _position(self, recipient_id: int, name: str) -> int:
        with answering(_WHAT):
            person = await self._all.find_one(person_key(recipient_id), {name: 1})
        return 0 if person is None else person[name]

    async def _gone(self, recipient_ids: AbstractSet[int]) -> Mapping[int, Sequence[int]]:
        """Of whom there are notices to be removed still, and of which groups."""
        ids = {"$in": list(recipient_ids)}
        people = self._all.find({"_id": ids, "r": ids, "gone.0": {"$exists": True}}, {"gone": 1})
        return {person["_id"]: person["gone"] async for person in people}


def _notification(group: Document, read: int) -> Notification:
    return Notification(
        id=group["at"],
        group_id=group["_id"]["g"],
        kind=Kind(group["k"]),
        tweet_id=group["t"] or None,
        actor_ids=tuple(group["a"]),
        actor_count=group["n"],
        at=id_time(group["at"]),
        read=group["at"] <= read,
    )


def _stored(notice: Document) -> StoredNotice:
    slot = notice["_id"]
    return StoredNotice(notice["r"], notice["p"], notice["g"], Kind(slot["k"]), slot["a"], slot["t"] or None)
