"""What changes the notifications of one person: each change is a transaction on the shard that has all of them.

Where notices could be very many (those of a tweet that a million liked), the change removes their group alone and notes it on
the person; the notices are removed after that, part by part, and nobody sees them meanwhile. Whoever changes the person's
notifications next does so if it was left undone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby

from pymongo import AsyncMongoClient, DeleteMany, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from murmur.mongodb import Document, Write, transact
from subgraphs.notifications.model import KEPT, SHOWN_ACTORS, Notice, StoredNotice
from subgraphs.notifications.stores.mongodb.collections import group_id, notice_id, person_key

_SWEPT = 1_000

Place = Callable[[AsyncClientSession, Document, Sequence[Notice]], object]


class Changes:
    def __init__(self, client: AsyncMongoClient[Document], notifications: AsyncCollection[Document]) -> None:
        self._client = client
        self._all = notifications

    async def add(self, recipient_id: int, notices: Sequence[Notice]) -> bool:
        """Add those that are not there, each at a position above all that there were. Whether any was added."""

        async def work(session: AsyncClientSession) -> tuple[bool, Document]:
            person = await self._begin(recipient_id, session)
            unique = {tuple(slot.values()): (slot, notice) for notice in notices for slot in (_slot(notice),)}
            known = await self._known(person, [slot for slot, _ in unique.values()], session)
            new = [notice for key, (_, notice) in unique.items() if key not in known]
            if not new:
                return False, person
            rows, groups = await self._placed(person, new, session)
            writes = _additions(rows, groups)
            writes.append(UpdateOne(person_key(recipient_id), {"$set": {"last": rows[-1].position}}))
            await self._all.bulk_write(writes, ordered=False, session=session)
            if len(groups) < len({row.group_id for row in rows}):
                person = await self._trim(person, session)
            return True, person

        added, person = await transact(self._client, work)
        await self.sweep(person)
        return added

    async def put(self, recipient_id: int, rows: Sequence[StoredNotice]) -> None:
        """Add notices of another store where they are, by rising position."""

        async def work(session: AsyncClientSession) -> None:
            person = await self._begin(recipient_id, session)
            known = await self._known(person, [_slot(row) for row in rows], session)
            new = [row for row in rows if tuple(_slot(row).values()) not in known]
            ids = [group_id(recipient_id, group) for group in {row.group_id for row in new}]
            groups = await self._all.find({"r": recipient_id, "_id": {"$in": ids}}, session=session).to_list()
            if new:
                writes = _additions(new, {group["_id"]["g"]: group for group in groups})
                await self._all.bulk_write(writes, ordered=False, session=session)

        await transact(self._client, work)

    async def withdraw(self, recipient_id: int, condition: Mapping[str, object]) -> bool:
        """Remove the notices of a recipient that meet a condition, at most one of each group but for few; whether any."""
        wanted = {"r": recipient_id, "p": {"$exists": True}, **condition}
        if await self._all.find_one(wanted, {"_id": 1}) is None:
            return False

        async def work(session: AsyncClientSession) -> tuple[bool, Document]:
            person = await self._begin(recipient_id, session)
            notices = await self._all.find(wanted, {"g": 1}, session=session).to_list()
            ids = [notice["_id"] for notice in notices]
            writes: list[Write] = [DeleteMany({"r": recipient_id, "_id": {"$in": ids}})]
            for group, removed in groupby(sorted(notice["g"] for notice in notices)):
                writes.append(await self._left(recipient_id, group, ids, len(list(removed)), session))
            if notices:
                await self._all.bulk_write(writes, ordered=False, session=session)
            return bool(notices), person

        removed, person = await transact(self._client, work)
        await self.sweep(person)
        return removed

    async def forget_tweet(self, recipient_id: int, tweet_id: int) -> bool:
        """Remove a person's notifications about a tweet. Whether there were any."""

        async def work(session: AsyncClientSession) -> tuple[bool, Document]:
            person = await self._begin(recipient_id, session)
            about = {"r": recipient_id, "t": tweet_id, "at": {"$exists": True}}
            groups = await self._all.find(about, {"_id": 1}, session=session).to_list()
            return bool(groups), await self._let_go(person, groups, session)

        removed, person = await transact(self._client, work)
        await self.sweep(person)
        return removed

    async def sweep(self, person: Document) -> None:
        """Remove the notices of groups that are no more."""
        if not (gone := person.get("gone")):
            return
        notices = {"r": person["r"], "g": {"$in": gone}, "p": {"$exists": True}}
        while ids := [notice["_id"] async for notice in self._all.find(notices, {"_id": 1}, limit=_SWEPT)]:
            # One that came back meanwhile is of another group.
            await self._all.delete_many({"_id": {"$in": ids}, **notices})
        await self._all.update_one(person_key(person["r"]), {"$pull": {"gone": {"$in": gone}}})

    async def _begin(self, recipient_id: int, session: AsyncClientSession) -> Document:
        """The person, whom nobody else changes until this is committed."""
        turn = {"$inc": {"turn": 1}, "$setOnInsert": {"last": 0, "read": 0}}
        person: Document = await self._all.find_one_and_update(  # pyright: ignore[reportAssignmentType] (an upsert finds one always)
            person_key(recipient_id), turn, upsert=True, return_document=ReturnDocument.AFTER, session=session
        )
        return person

    async def _known(
        self, person: Document, slots: Sequence[Document], session: AsyncClientSession
    ) -> Collection[tuple[object, ...]]:
        found = self._all.find({"r": person["r"], "_id": {"$in": list(slots)}}, {"g": 1}, session=session)
        gone = person.get("gone", ())
        return {tuple(notice["_id"].values()) async for notice in found if notice["g"] not in gone}

    async def _placed(
        self, person: Document, notices: Sequence[Notice], session: AsyncClientSession
    ) -> tuple[list[StoredNotice], dict[int, Document]]:
        """Notices with their positions and groups, and those of the groups that are there already."""
        read, last = person["read"], person["last"]
        joining = [notice for notice in notices if notice.kind.grouped]
        open_: dict[tuple[str, int], int] = {}
        groups: dict[int, Document] = {}
        if joining:
            about: Document = {"t": {"$in": list({notice.tweet_id or 0 for notice in joining})}}
            about["k"] = {"$in": list({notice.kind.value for notice in joining})}
            found = self._all.find({"r": person["r"], **about, "at": {"$gt": read}}, sort=[("at", 1)], session=session)
            async for group in found:
                open_[group["k"], group["t"]] = group["_id"]["g"]
                groups[group["_id"]["g"]] = group
        rows: list[StoredNotice] = []
        for notice in notices:
            last = max(notice.event_id, last + 1)
            what = notice.kind.value, notice.tweet_id or 0
            # Kinds that are not grouped are never looked for, so each begins one of its own.
            group = open_.setdefault(what, last) if notice.kind.grouped and last > read else last
            rows.append(StoredNotice(notice.recipient_id, last, group, notice.kind, notice.actor_id, notice.tweet_id))
        return rows, {group: groups[group] for group in {row.group_id for row in rows} & groups.keys()}

    async def _left(
        self, recipient_id: int, group: int, removed: Sequence[Document], count: int, session: AsyncClientSession
    ) -> Write:
        """What becomes of a group without some of its notices."""
        key = {"_id": group_id(recipient_id, group), "r": recipient_id}
        members = {"r": recipient_id, "g": group, "p": {"$exists": True}, "_id": {"$nin": list(removed)}}
        newest = await self._all.find(members, {"p": 1}, sort=[("p", -1)], limit=SHOWN_ACTORS, session=session).to_list()
        if not newest:
            return DeleteMany(key)
        shown = {"at": newest[0]["p"], "a": [notice["_id"]["a"] for notice in newest]}
        return UpdateOne(key, {"$set": shown, "$inc": {"n": -count}})

    async def _trim(self, person: Document, session: AsyncClientSession) -> Document:
        """Let go of what is older than the newest `KEPT` groups."""
        groups = self._all.find({"r": person["r"], "at": {"$gt": 0}}, {"_id": 1}, sort=[("at", -1)], skip=KEPT, session=session)
        return await self._let_go(person, await groups.to_list(), session)

    async def _let_go(self, person: Document, groups: Sequence[Document], session: AsyncClientSession) -> Document:
        """Remove groups; the person as it is then."""
        if not groups:
            return person
        gone = [group["_id"]["g"] for group in groups]
        writes: list[Write] = [
            DeleteMany({"r": person["r"], "_id": {"$in": [group["_id"] for group in groups]}}),
            UpdateOne(person_key(person["r"]), {"$push": {"gone": {"$each": gone}}}),
        ]
        await self._all.bulk_write(writes, ordered=False, session=session)
        return {**person, "gone": [*person.get("gone", ()), *gone]}


def _slot(notice: Notice | StoredNotice) -> Document:
    return notice_id(notice.recipient_id, notice.kind.value, notice.tweet_id, notice.actor_id)


def _additions(rows: Sequence[StoredNotice], groups: Mapping[int, Document]) -> list[Write]:
    """Writes that add notices by rising position; `groups` are those of theirs that are there already."""
    writes: list[Write] = []
    changed = {group: dict(document) for group, document in groups.items()}
    for row in rows:
        r, slot = row.recipient_id, _slot(row)
        # It may stand there still as one of a group that is no more.
        writes.append(ReplaceOne({"_id": slot, "r": r}, {"_id": slot, "r": r, "g": row.group_id, "p": row.position}, upsert=True))
        empty: Document = {"_id": group_id(r, row.group_id), "r": r, "k": row.kind.value, "t": row.tweet_id or 0, "n": 0, "a": []}
        group = changed.setdefault(row.group_id, empty)
        group |= {"at": row.position, "n": group["n"] + 1, "a": [row.actor_id, *group["a"]][:SHOWN_ACTORS]}
    writes += [ReplaceOne({"_id": group["_id"], "r": group["r"]}, group, upsert=True) for group in changed.values()]
    return writes
