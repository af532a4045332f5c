"""Likes, retweets and bookmarks: a line of the tweet's own ledger for each, so that the count, the edge and the event are one
write. What a ledger counts by id these have once for each person: the condition of the update says that the person has no
line alive in the document, and, where lines have left it, that none has left it since the rows were looked at.
"""

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pymongo import InsertOne, UpdateOne

from murmur.errors import Unavailable
from murmur.events import TweetEvent
from murmur.mongodb import Document, Write, write_all
from subgraphs.tweets.model import Edge, EdgeKind
from subgraphs.tweets.ports import EdgeOutcome, TellEdge
from subgraphs.tweets.stores.mongodb.collections import Collections
from subgraphs.tweets.stores.mongodb.follow_up import Decided, FollowUp
from subgraphs.tweets.stores.mongodb.ledger import RECENT, Ledger, room_for, without
from subgraphs.tweets.stores.mongodb.outbox import WAITING, MongoOutbox, may_tell, outbox_entry, told

EDGE_KINDS: tuple[EdgeKind, ...] = ("likes", "retweets", "bookmarks")
_FRUITLESS = 50
_PAUSE_SECONDS = 0.01
_EACH = 64
_PICKED = 8


@dataclass(frozen=True, slots=True)
class Engagement:
    """What a call to `TweetWrites.add_edges` asks for. `exact` edges keep their ids, which nothing else has."""

    kind: EdgeKind
    edges: Sequence[Edge]
    tell: TellEdge
    exact: bool = False


@dataclass(slots=True)
class _Wish:
    """One edge that is wanted, and what has become of it."""

    kind: EdgeKind
    edge: Edge
    tell: TellEdge
    exact: bool
    outcome: EdgeOutcome | Exception | None = None
    entry: Document | None = None
    """Its entry in the outbox, made once: it has the edge's id, which is claimed, and an event, which is told once."""

    @property
    def what(self) -> tuple[EdgeKind, int, int]:
        return self.kind, self.edge.user_id, self.edge.tweet_id


@dataclass(slots=True)
class _Standing:
    """A tweet as it was read, and the edges to it of those people who were asked for."""

    author_id: int
    deleted: bool
    settled: int | None
    lines: int
    waiting: int
    alive: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    """The id of the edge, by kind and person."""
    inside: set[int] = field(default_factory=set[int])
    """Which of these ids are lines of the document; the others are rows."""


class Engaging:
    def __init__(
        self, collections: Collections, claims: Collections, ledger: Ledger, outbox: MongoOutbox, follow_up: FollowUp
    ) -> None:
        self._collections = collections
        self._claims = claims
        self._ledger = ledger
        self._outbox = outbox
        self._follow_up = follow_up

    async def add(self, batch: Sequence[Engagement]) -> Sequence[Sequence[EdgeOutcome] | Exception]:
        """One update a tweet, all in one command; those whose tweet has changed since it was read are tried again."""
        calls = [[_Wish(one.kind, edge, one.tell, one.exact) for edge in one.edges] for one in batch]
        left = [wish for call in calls for wish in call]
        added: list[Decided] = []
        fruitless = 0
        while left:
            added += await self._try(left)
            still = [wish for wish in left if wish.outcome is None]
            fruitless = 0 if len(still) < len(left) else fruitless + 1
            left = still
            if fruitless:
                await _pause(fruitless)
        await self._follow_up(added, fresh=True)
        return [_outcome(call) for call in calls]

    async def remove(self, kind: EdgeKind, user_id: int, tweet_id: int, tell: TellEdge) -> bool:
        tweets = self._collections.tweets
        for fruitless in range(_FRUITLESS):
            standing = (await self._read({tweet_id}, {user_id})).get(tweet_id)
            edge_id = None if standing is None else standing.alive.get((kind, user_id))
            if standing is None or edge_id is None:
                return False
            event = tell(Edge(edge_id, user_id, tweet_id), standing.author_id)
            entry = outbox_entry(-edge_id, "end", event, k=kind, i=edge_id, u=user_id)
            inside = edge_id in standing.inside
            if not await self._make_room(tweet_id, standing, lines=0 if inside else 1, entries=1):
                continue
            update: Document = {**told([entry]), "$inc": {kind: -1}}
            if inside:
                unchanged: Document = {"recent": {"$elemMatch": {"k": kind, "i": edge_id, "x": None}}}
                update["$set"] = {"recent.$.x": True}
            else:
                unchanged = {"settled": standing.settled, "$nor": without({kind: (edge_id,)}), **room_for(1)}
                update["$push"]["recent"] = {"k": kind, "i": edge_id, "u": user_id, "x": True}
            if (await tweets.update_one({"_id": tweet_id, **unchanged, **may_tell(1)}, update)).modified_count:
                await self._follow_up([Decided(tweet_id, standing.author_id, entry)], fresh=True)
                return True
            await _pause(fruitless)
        raise _crowded()

    async def _try(self, wishes: Sequence[_Wish]) -> list[Decided]:
        """Decide what can be decided now; what was added is returned."""
        tweets = await self._read({wish.edge.tweet_id for wish in wishes}, {wish.edge.user_id for wish in wishes})
        chosen: dict[int, dict[tuple[EdgeKind, int, int], _Wish]] = {}
        for wish in wishes:
            tweet_id = wish.edge.tweet_id
            standing = tweets.get(tweet_id)
            if standing is None or standing.deleted:
                wish.outcome = "gone"
            elif (wish.kind, wish.edge.user_id) in standing.alive:
                wish.outcome = "present"
            elif len(of_tweet := chosen.setdefault(tweet_id, {})) < _EACH:
                # A second wish for the same is decided when the first one is.
                of_tweet.setdefault(wish.what, wish)
        for tweet_id, of_tweet in list(chosen.items()):
            if not await self._make_room(tweet_id, tweets[tweet_id], lines=len(of_tweet), entries=len(of_tweet)):
                del chosen[tweet_id]
        await self._name([wish for of_tweet in chosen.values() for wish in of_tweet.values()], tweets)
        groups = {
            tweet_id: named
            for tweet_id, of_tweet in chosen.items()
            if (named := [wish for wish in of_tweet.values() if wish.outcome is None])
        }
        # An upsert that finds its document otherwise meets its key: one command tells which tweets have changed.
        writes: list[Write] = [_addition(tweet_id, tweets[tweet_id], named) for tweet_id, named in groups.items()]
        refused = await write_all(self._collections.tweets, writes)
        added: list[Decided] = []
        for place, (tweet_id, named) in enumerate(groups.items()):
            if place not in refused:
                for wish in named:
                    wish.outcome = "added"
                    added.append(Decided(tweet_id, tweets[tweet_id].author_id, wish.entry or {}))
        return added

    async def _read(self, tweet_ids: Collection[int], user_ids: Collection[int]) -> Mapping[int, _Standing]:
        recent, outbox = {"$ifNull": ["$recent", []]}, {"$ifNull": ["$outbox", []]}
        conditions: list[Document] = [{"$in": ["$$this.k", EDGE_KINDS]}]
        if len(user_ids) <= _PICKED:
            # Of more, the server would take longer to compare each line with each person than all lines take to come here.
            conditions.append({"$in": ["$$this.u", list(user_ids)]})
        fields = {
            "author_id": 1,
            "deleted": 1,
            "settled": 1,
            "lines": {"$size": recent},
            "waiting": {"$size": outbox},
            "recent": {"$filter": {"input": recent, "cond": {"$and": conditions}}},
        }
        found: dict[int, _Standing] = {}
        dead: dict[int, set[int]] = {}
        async for tweet in self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}}, fields):
            standing = found[tweet["_id"]] = _Standing(
                tweet["author_id"], "deleted" in tweet, tweet.get("settled"), tweet["lines"], tweet["waiting"]
            )
            standing.inside = {line["i"] for line in tweet["recent"]}
            standing.alive = {(line["k"], line["u"]): line["i"] for line in tweet["recent"] if "x" not in line}
            dead[tweet["_id"]] = {line["i"] for line in tweet["recent"] if "x" in line}
        # Lines that have left a document are looked for after it was read: none is missed in between.
        settled = [tweet_id for tweet_id, standing in found.items() if standing.settled]
        if settled:
            rows = {"t": {"$in": settled}, "u": {"$in": list(user_ids)}, "k": {"$in": EDGE_KINDS}, "live": True}
            async for row in self._collections.edges.find(rows, {"_id": 0, "t": 1, "u": 1, "k": 1, "i": 1}):
                if row["i"] not in dead[row["t"]]:
                    found[row["t"]].alive.setdefault((row["k"], row["u"]), row["i"])
        return found

    async def _make_room(self, tweet_id: int, standing: _Standing, *, lines: int, entries: int) -> bool:
        """Whether there is room for what comes; when there was not, it has been made and the tweet must be read again."""
        if standing.waiting + entries > WAITING:
            await self._outbox.spill(tweet_id)
        elif standing.lines + lines > RECENT:
            await self._ledger.settle(tweet_id)
        else:
            return True
        return False

    async def _name(self, wishes: Sequence[_Wish], tweets: Mapping[int, _Standing]) -> None:
        """Give each the id that it will have, and the event that tells of it."""
        unnamed = [wish for wish in wishes if wish.entry is None]
        exact = [wish.edge.id for wish in unnamed if wish.exact]
        await write_all(self._claims.ids, [InsertOne({"_id": id_}) for id_ in exact])
        claimed = iter(await self._claim([wish.edge.id for wish in unnamed if not wish.exact]))
        for wish in unnamed:
            edge_id = wish.edge.id if wish.exact else next(claimed)
            edge = Edge(edge_id, wish.edge.user_id, wish.edge.tweet_id)
            try:
                event: TweetEvent | None = wish.tell(edge, tweets[edge.tweet_id].author_id)
            except Exception as error:  # the caller's own function; the others of the batch go on
                wish.outcome = error
                continue
            wish.entry = outbox_entry(edge_id, "add", event, k=wish.kind, i=edge_id, u=edge.user_id)

    async def _claim(self, wanted: Sequence[int]) -> Sequence[int]:
        """The ids, or the next that are free. Ids are one space: a tweet's and a retweet's are both positions in timelines."""
        found = list(wanted)
        unclaimed = list(range(len(found)))
        while unclaimed:
            candidates = {"_id": {"$in": list({found[index] for index in unclaimed})}}
            tweets = {tweet["_id"] async for tweet in self._claims.tweets.find(candidates, {"_id": 1})}
            asked = [index for index in unclaimed if found[index] not in tweets]
            refused = await write_all(self._claims.ids, [InsertOne({"_id": found[index]}) for index in asked])
            claimed = {index for place, index in enumerate(asked) if place not in refused}
            unclaimed = [index for index in unclaimed if index not in claimed]
            for index in unclaimed:
                found[index] += 1
        return found


def _addition(tweet_id: int, tweet: _Standing, wishes: Sequence[_Wish]) -> UpdateOne:
    people: dict[EdgeKind, list[int]] = {}
    for wish in wishes:
        people.setdefault(wish.kind, []).append(wish.edge.user_id)
    alive = [{"recent": {"$elemMatch": {"k": kind, "u": {"$in": ids}, "x": None}}} for kind, ids in people.items()]
    entries = [wish.entry for wish in wishes if wish.entry is not None]
    unchanged = {"_id": tweet_id, "deleted": None, "settled": tweet.settled, "$nor": alive}
    update = told(entries)
    update["$push"]["recent"] = {"$each": [{name: entry[name] for name in ("k", "i", "u")} for entry in entries]}
    update["$inc"] = {kind: len(ids) for kind, ids in people.items()}
    return UpdateOne({**unchanged, **room_for(len(wishes)), **may_tell(len(wishes))}, update, upsert=True)


def _outcome(call: Sequence[_Wish]) -> Sequence[EdgeOutcome] | Exception:
    outcomes: list[EdgeOutcome] = []
    for wish in call:
        if isinstance(wish.outcome, Exception):
            return wish.outcome
        if wish.outcome is not None:
            outcomes.append(wish.outcome)
    return outcomes


async def _pause(fruitless: int) -> None:
    """Let others go first, for a random while. Raises Unavailable when this was too often."""
    if fruitless > _FRUITLESS:
        raise _crowded()
    await asyncio.sleep(random.random() * _PAUSE_SECONDS)  # noqa: S311 (no secret)


def _crowded() -> Unavailable:
    return Unavailable("too many do the same to this tweet at once; try again later")
