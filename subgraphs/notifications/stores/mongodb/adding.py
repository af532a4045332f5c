"""Adds notices to what people have: a look at many people together, then a transaction for those of them who get anything.

A transaction writes nothing unless everybody in it is as they were seen: everything that changes a person raises their `turn`,
which it compares. Then each of them is tried alone, and who has changed is locked first and looked at again. A person has one
transaction; many people share one where nothing is sharded, as it costs two round trips however much it writes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pymongo import AsyncMongoClient, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, OperationFailure

from murmur.mongodb import Document, Write, duplicates, few_at_once, transact, write_all
from subgraphs.notifications.model import KEPT, SHOWN_ACTORS, Notice, StoredNotice
from subgraphs.notifications.stores.mongodb.changes import Changes
from subgraphs.notifications.stores.mongodb.collections import BY_GROUP, group_id, notice_id, person_key

Name = tuple[object, ...]

_PEOPLE_TOGETHER = 64
_UNSHARDED = "ReplicaSetWithPrimary"
_MET_SOMEBODY = "TransientTransactionError"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A person as found, those of some notices that they do not have, and the groups that these may join.

    `left` are the names of notices that stand there still, but of groups that are no more.
    """

    person: Document
    new: Sequence[Notice]
    open_groups: Sequence[Document]
    left: Collection[Name]


class _Crossed(Exception):
    """Somebody has changed since the look, or one of several is changed by somebody else now, for whom the others don't wait."""


class Adding:
    def __init__(
        self,
        client: AsyncMongoClient[Document],
        notifications: AsyncCollection[Document],
        notified: AsyncCollection[Document],
        changes: Changes,
    ) -> None:
        self._client = client
        self._all = notifications
        self._notified = notified
        self._changes = changes

    async def add(self, notices: Sequence[Notice]) -> set[int]:
        """Add those that are not there, each at a position above all that its recipient had; who got any."""
        of: dict[int, list[Notice]] = {}
        for notice in notices:
            of.setdefault(notice.recipient_id, []).append(notice)
        people = list(of)
        parts = [people[start : start + _PEOPLE_TOGETHER] for start in range(0, len(people), _PEOPLE_TOGETHER)]
        looks = await few_at_once([self._look({each: of[each] for each in part}) for part in parts])
        for person in (one.person for look in looks for one in look if not one.new):
            await self._changes.sweep(person)
        getting = [found for look in looks if (found := [one for one in look if one.new])]
        await self.note([notice for look in getting for one in look for notice in one.new])
        if self._client.topology_description.topology_type_name != _UNSHARDED:
            getting = [[one] for look in getting for one in look]
        return set().union(*await few_at_once([self._add(seen, of) for seen in getting]))

    async def put(self, recipient_id: int, rows: Sequence[StoredNotice]) -> None:
        """Add notices of another store where they are, by rising position."""

        async def work(session: AsyncClientSession) -> None:
            person = await self._changes.begin(recipient_id, session)
            slots = {"r": recipient_id, "_id": {"$in": [*map(_slot, rows)]}}
            found = await self._all.find(slots, {"g": 1}, session=session).to_list()
            left = {tuple(notice["_id"].values()) for notice in found if notice["g"] in person.get("gone", ())}
            known = {tuple(notice["_id"].values()) for notice in found} - left
            new = [row for row in rows if _key(row) not in known]
            ids = [group_id(recipient_id, group) for group in {row.group_id for row in new}]
            groups = await self._all.find({"r": recipient_id, "_id": {"$in": ids}}, session=session).to_list()
            if new:
                uncounted = UpdateOne(person_key(recipient_id), {"$unset": {"groups": True}})
                changes, inserts = _additions(new, {group["_id"]["g"]: group for group in groups}, left)
                writes = [uncounted, *changes, *inserts]
                await self._all.bulk_write(writes, ordered=False, session=session)

        await transact(self._client, work)

    async def note(self, notices: Sequence[Notice | StoredNotice]) -> None:
        """Write down who has notices about which tweet, before they have."""
        pairs = {(notice.tweet_id, notice.recipient_id) for notice in notices if notice.tweet_id}
        writes = [InsertOne({"_id": {"t": tweet, "r": recipient}, "t": tweet, "r": recipient}) for tweet, recipient in pairs]
        await write_all(self._notified, writes)

    async def _look(self, of: Mapping[int, Sequence[Notice]], session: AsyncClientSession | None = None) -> list[_Seen]:
        """What there is of people that matters to what is told them."""
        notices = [notice for theirs in of.values() for notice in theirs]
        wanted = {"r": {"$in": list(of)}, "_id": {"$in": [*of, *map(_slot, notices)]}}
        # By rising _id a person comes before their notices: where a group was let go of in between, its notices are looked
        # at as those that they were, or are gone.
        found = self._all.find(wanted, {"muted": 0, "p": 0}, hint="_id_", batch_size=len(of) + len(notices) + 1, session=session)
        people = {recipient_id: person_key(recipient_id) for recipient_id in of}
        known: set[Name] = set()
        left: set[Name] = set()
        async for row in found:
            if "last" in row:
                people[row["r"]] = row
            else:
                gone = row["g"] in people[row["r"]].get("gone", ())
                (left if gone else known).add(tuple(row["_id"].values()))
        new: dict[Name, Notice] = {}
        for notice in notices:
            if (key := _key(notice)) not in known and notice.event_id > people[notice.recipient_id].get("let", 0):
                new.setdefault(key, notice)
        groups = await self._open_groups(people, new.values(), session)
        new_of: dict[int, list[Notice]] = {}
        for notice in new.values():
            new_of.setdefault(notice.recipient_id, []).append(notice)
        return [_Seen(people[each], new_of.get(each, ()), groups.get(each, ()), left) for each in of]

    async def _open_groups(
        self, people: Mapping[int, Document], notices: Collection[Notice], session: AsyncClientSession | None
    ) -> Mapping[int, Sequence[Document]]:
        """The groups that notices may join, by recipient; the newest comes last."""
        joining: dict[int, tuple[set[int], set[str]]] = {}
        for notice in notices:
            if notice.kind.grouped and "last" in people[notice.recipient_id]:
                tweets, kinds = joining.setdefault(notice.recipient_id, (set(), set()))
                tweets.add(notice.tweet_id or 0)
                kinds.add(notice.kind.value)
        if not joining:
            return {}
        any_of = [
            {"r": each, "t": {"$in": list(tweets)}, "k": {"$in": list(kinds)}, "at": {"$gt": people[each]["read"]}}
            for each, (tweets, kinds) in joining.items()
        ]
        found: dict[int, list[Document]] = {}
        for group in await self._all.find(
            {"$or": any_of}, hint=BY_GROUP.name, batch_size=len(notices) + 1, session=session
        ).to_list():
            found.setdefault(group["r"], []).append(group)
        return {each: sorted(some, key=lambda group: group["at"]) for each, some in found.items()}

    async def _add(self, seen: Sequence[_Seen], of: Mapping[int, Sequence[Notice]]) -> set[int]:
        async def work(session: AsyncClientSession) -> list[Document]:
            try:
                return await self._write(seen, session)
            except OperationFailure as error:
                if not error.has_error_label(_MET_SOMEBODY):
                    if not isinstance(error, BulkWriteError):
                        raise
                    duplicates(error)
                elif len(seen) == 1:
                    raise
                raise _Crossed from error

        try:
            people = await transact(self._client, work)
        except _Crossed:
            if len(seen) > 1:
                return set().union(*await few_at_once([self._add([one], of) for one in seen]))
            recipient_id = seen[0].person["r"]
            return {recipient_id} if await self._add_locked(recipient_id, of[recipient_id]) else set()
        for person in people:
            await self._changes.sweep(person)
        return {person["r"] for person in people}

    async def _add_locked(self, recipient_id: int, notices: Sequence[Notice]) -> bool:
        await self.note(notices)

        async def work(session: AsyncClientSession) -> tuple[bool, Document]:
            await self._changes.begin(recipient_id, session)
            [seen] = await self._look({recipient_id: notices}, session)
            [person] = await self._write([seen], session) if seen.new else [seen.person]
            return bool(seen.new), person

        added, person = await transact(self._client, work)
        await self._changes.sweep(person)
        return added

    async def _write(self, seen: Sequence[_Seen], session: AsyncClientSession) -> list[Document]:
        """Add what is new to people who are as seen, else raise BulkWriteError; the people as they are then."""
        changes: list[Write] = []
        inserts: list[Write] = []
        people: list[tuple[Document, bool]] = []
        for one in seen:
            person, (rows, groups) = one.person, _placed(one)
            begun = len({row.group_id for row in rows} - groups.keys())
            taken: Document = {"turn": person.get("turn", 0) + 1, "last": rows[-1].position}
            # Of how many groups there are at most; it is not known of everybody.
            there = begun if "last" not in person else person["groups"] + begun if "groups" in person else None
            if there is not None:
                taken["groups"] = there
            if "last" in person:
                # Somebody of another turn is not found, thus made once more, which their _id refuses.
                as_seen = {"_id": person["_id"], "r": person["r"], "turn": person.get("turn")}
                changes.append(UpdateOne(as_seen, {"$set": taken}, upsert=True))
            else:
                inserts.append(InsertOne({**person, **taken, "read": 0}))
            changed, added = _additions(rows, groups, one.left)
            changes += changed
            inserts += added
            people.append((person, begun > 0 and (there is None or there > KEPT)))
        await self._all.bulk_write([*changes, *inserts], session=session)
        return [await self._changes.trim(person, session) if too_many else person for person, too_many in people]


def _placed(seen: _Seen) -> tuple[list[StoredNotice], dict[int, Document]]:
    """Notices with their positions and groups, and those of the groups that are there already."""
    read, last = seen.person.get("read", 0), seen.person.get("last", 0)
    open_: dict[tuple[str, int], int] = {(group["k"], group["t"]): group["_id"]["g"] for group in seen.open_groups}
    rows: list[StoredNotice] = []
    for notice in seen.new:
        last = max(notice.event_id, last + 1)
        what = notice.kind.value, notice.tweet_id or 0
        # Kinds that are not grouped are never looked for, so each begins one of its own.
        group = open_.setdefault(what, last) if notice.kind.grouped and last > read else last
        rows.append(StoredNotice(notice.recipient_id, last, group, notice.kind, notice.actor_id, notice.tweet_id))
    joined = {row.group_id for row in rows}
    return rows, {group["_id"]["g"]: group for group in seen.open_groups if group["_id"]["g"] in joined}


def _slot(notice: Notice | StoredNotice) -> Document:
    return notice_id(notice.recipient_id, notice.kind.value, notice.tweet_id, notice.actor_id)


def _key(notice: Notice | StoredNotice) -> Name:
    return tuple(_slot(notice).values())


def _additions(
    rows: Sequence[StoredNotice], groups: Mapping[int, Document], left: Collection[Name]
) -> tuple[list[Write], list[Write]]:
    """What adds notices by rising position: changes of what is there, and inserts.

    `groups` are those of theirs that are there already, `left` the names of notices that stand there.
    """
    changes: list[Write] = []
    inserts: list[Write] = []
    changed = {group: dict(document) for group, document in groups.items()}
    for row in rows:
        r, slot = row.recipient_id, _slot(row)
        notice = {"_id": slot, "r": r, "g": row.group_id, "p": row.position}
        if left and tuple(slot.values()) in left:
            # It may be removed in this moment.
            changes.append(ReplaceOne({"_id": slot, "r": r}, notice, upsert=True))
        else:
            inserts.append(InsertOne(notice))
        empty: Document = {"_id": group_id(r, row.group_id), "r": r, "k": row.kind.value, "t": row.tweet_id or 0, "n": 0, "a": []}
        group = changed.setdefault(row.group_id, empty)
        group |= {"at": row.position, "n": group["n"] + 1, "a": [row.actor_id, *group["a"]][:SHOWN_ACTORS]}
    for number, group in changed.items():
        if number in groups:
            changes.append(ReplaceOne({"_id": group["_id"], "r": group["r"]}, group))
        else:
            inserts.append(InsertOne(group))
    return changes, inserts
