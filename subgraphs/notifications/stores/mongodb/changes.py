"""What changes the notifications of one person: each change is a transaction on the shard that has all of them.

Where notices could be very many (those of a tweet that a million liked), the change removes their group alone and notes it on
the person; the notices are removed after that, part by part, and nobody sees them meanwhile. Whoever changes the person's
notifications next does so if it was left undone.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from pymongo import AsyncMongoClient, DeleteMany, ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from murmur.mongodb import Document, Write, transact
from subgraphs.notifications.model import KEPT, SHOWN_ACTORS
from subgraphs.notifications.stores.mongodb.collections import group_id, person_key

_SWEPT = 1_000


class Changes:
    def __init__(self, client: AsyncMongoClient[Document], notifications: AsyncCollection[Document]) -> None:
        self._client = client
        self._all = notifications

    async def withdraw(self, recipient_id: int, condition: Mapping[str, object]) -> bool:
        """Remove the notices of a recipient that meet a condition, at most one of each group but for few; whether any."""
        wanted = {"r": recipient_id, "p": {"$exists": True}, **condition}
        if await self._all.find_one(wanted, {"_id": 1}) is None:
            return False

        async def work(session: AsyncClientSession) -> tuple[bool, Document]:
            person = await self.begin(recipient_id, session)
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
            person = await self.begin(recipient_id, session)
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

    async def begin(self, recipient_id: int, session: AsyncClientSession) -> Document:
        """The person, whom nobody else changes until this is committed."""
        turn = {"$inc": {"turn": 1}, "$setOnInsert": {"last": 0, "read": 0}}
        person: Document = await self._all.find_one_and_update(  # pyright: ignore[reportAssignmentType] (an upsert finds one always)
            person_key(recipient_id), turn, upsert=True, return_document=ReturnDocument.AFTER, session=session
        )
        return person

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

    async def trim(self, person: Document, session: AsyncClientSession) -> Document:
        """Let go of what is older than the newest `KEPT` groups; the person as it is then."""
        groups = {"r": person["r"], "at": {"$gt": 0}}
        there = await self._all.count_documents(groups, session=session)
        change: Document = {"$set": {"groups": min(there, KEPT)}}
        oldest: list[Document] = []
        if there > KEPT:
            found = self._all.find(groups, {"at": 1}, sort=[("at", 1)], limit=there - KEPT, session=session)
            oldest = await found.to_list()
            change["$max"] = {"let": oldest[-1]["at"]}
        await self._all.update_one(person_key(person["r"]), change, session=session)
        return await self._let_go(person, oldest, session)

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
