"""Publishing and deleting. The tweet's document holds the event, so its insertion is the decision; the rest follows from it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pymongo import InsertOne

from murmur.events import TweetEvent
from murmur.mongodb import Document, write_all
from subgraphs.tweets.model import IdempotencyKey, Kept, Tweet
from subgraphs.tweets.ports import TargetGone, TellTweet
from subgraphs.tweets.stores.mongodb.collections import Collections
from subgraphs.tweets.stores.mongodb.documents import key_document, key_of, tweet_document
from subgraphs.tweets.stores.mongodb.follow_up import Decided, FollowUp
from subgraphs.tweets.stores.mongodb.outbox import outbox_entry, told

Tell = Callable[[Tweet, int | None, int | None], TweetEvent | None]
"""As TellTweet; None tells nobody."""

_TARGET_FIELDS = {"author_id": 1, "deleted": 1, "path": 1}


@dataclass(frozen=True, slots=True)
class Publication:
    """What a call to `TweetWrites.publish` asks for."""

    tweet: Tweet
    key: str | None
    content: bytes
    tell: TellTweet


class Publishing:
    def __init__(self, collections: Collections, follow_up: FollowUp) -> None:
        self._collections = collections
        self._follow_up = follow_up

    async def publish(self, batch: Sequence[Publication]) -> Sequence[Kept | Exception]:
        """Four commands for a batch at most, two when nothing is answered or quoted and there are no keys."""
        targets = await self.targets(
            {id_ for one in batch for id_ in (one.tweet.in_reply_to_id, one.tweet.quoted_id) if id_ is not None}
        )
        outcomes: dict[int, Kept | Exception] = {}
        open_: dict[int, Publication] = {}
        for index, one in enumerate(batch):
            gone = [
                id_ for id_ in (one.tweet.in_reply_to_id, one.tweet.quoted_id) if id_ is not None and not _stands(targets, id_)
            ]
            if gone:
                outcomes[index] = TargetGone(gone[0])
            else:
                open_[index] = one
        keyed = {index: one for index, one in open_.items() if one.key is not None}
        if keyed:
            for index, claim in (await self._claim(keyed)).items():
                if isinstance(claim, Kept):
                    outcomes[index] = claim
                    del open_[index]
                else:
                    open_[index] = replace(open_[index], tweet=claim)
        decided: dict[int, Decided] = {}
        documents: list[Document] = []
        for index, one in open_.items():
            try:
                document = decided_document(one.tweet, targets, one.tell)
            except Exception as error:  # the caller's own function; the others of the batch go on
                outcomes[index] = error
                continue
            documents.append(document)
            decided[index] = Decided(one.tweet.id, one.tweet.author_id, document["outbox"][0])
            outcomes[index] = Kept(one.tweet.id, one.content)
        refused = await write_all(self._collections.tweets, [InsertOne(document) for document in documents])
        fresh, others = [], []
        for place, (index, one) in enumerate(decided.items()):
            if place not in refused:
                fresh.append(one)
            elif batch[index].key is not None:
                # Somebody with the same key was sooner, and may not be done with what follows.
                others.append(one)
            else:
                outcomes[index] = RuntimeError(f"the id {one.tweet_id} of a new tweet is in use")
        await self._follow_up(fresh, fresh=True)
        await self._follow_up(others, fresh=False)
        return [outcomes[index] for index in range(len(batch))]

    async def targets(self, tweet_ids: Collection[int]) -> Mapping[int, Document]:
        if not tweet_ids:
            return {}
        found = self._collections.tweets.find({"_id": {"$in": list(tweet_ids)}}, _TARGET_FIELDS)
        return {tweet["_id"]: tweet async for tweet in found}

    async def kept(self, author_id: int, key: str) -> Kept | None:
        claim = await self._collections.keys.find_one({"_id": {"a": author_id, "k": key}, "a": author_id})
        # A claim whose tweet never came is one of a process that died, and whoever comes with the key again goes on with it.
        if claim is None or await self._collections.tweets.find_one({"_id": claim["t"]}, {"_id": 1}) is None:
            return None
        return Kept(claim["t"], claim["c"])

    async def delete(self, tweet_id: int, event: TweetEvent) -> bool:
        standing = {"_id": tweet_id, "deleted": None}
        tweet = await self._collections.tweets.find_one(standing, {"author_id": 1, "in_reply_to_id": 1, "quoted_id": 1})
        if tweet is None:
            return False
        # Nothing of these ever changes but by a deletion, which the condition sees.
        entry = outbox_entry(-tweet_id, "unpost", event, **_targets_of(tweet.get("in_reply_to_id"), tweet.get("quoted_id")))
        gone = {"$set": {"deleted": True, "text": ""}, "$unset": {"entities": True, "quoted_id": True, "lang": True}}
        if not (await self._collections.tweets.update_one(standing, {**gone, **told([entry])})).modified_count:
            return False
        await self._follow_up([Decided(tweet_id, tweet["author_id"], entry)], fresh=True)
        return True

    async def _claim(self, keyed: Mapping[int, Publication]) -> Mapping[int, Kept | Tweet]:
        """For each the tweet to publish, or what the key stands for already.

        A key whose tweet is not there stands for one that is being published, or whose publisher died: the same content goes on
        with its id, so that of all who try one tweet comes out.
        """
        claims = {
            index: key_document(
                IdempotencyKey(one.tweet.author_id, str(one.key), Kept(one.tweet.id, one.content), one.tweet.created_at)
            )
            for index, one in keyed.items()
        }
        refused = await write_all(self._collections.keys, [InsertOne(claim) for claim in claims.values()])
        found: dict[int, Kept | Tweet] = {index: one.tweet for index, one in keyed.items()}
        if not refused:
            return found
        taken = [index for place, index in enumerate(claims) if place in refused]
        names = {"_id": {"$in": [claims[index]["_id"] for index in taken]}, "a": {"$in": [claims[index]["a"] for index in taken]}}
        standing = {(claim["a"], claim["_id"]["k"]): claim async for claim in self._collections.keys.find(names)}
        tweets = await self.targets({claim["t"] for claim in standing.values()})
        expired: dict[int, Publication] = {}
        for index in taken:
            one = keyed[index]
            claim = standing.get((one.tweet.author_id, str(one.key)))
            if claim is None:
                expired[index] = one
            elif claim["t"] in tweets or claim["c"] != one.content:
                found[index] = Kept(claim["t"], claim["c"])
            else:
                found[index] = replace(one.tweet, id=claim["t"], created_at=key_of(claim).at)
        return {**found, **(await self._claim(expired))} if expired else found


def _stands(targets: Mapping[int, Document], tweet_id: int) -> bool:
    return tweet_id in targets and "deleted" not in targets[tweet_id]


def decided_document(tweet: Tweet, targets: Mapping[int, Document], tell: Tell) -> Document:
    """A tweet with its event, given all that it answers and quotes. Whatever `tell` raises is raised."""
    reply, quote = tweet.in_reply_to_id, tweet.quoted_id
    authors = [None if target is None else targets.get(target, {}).get("author_id") for target in (reply, quote)]
    entry = outbox_entry(tweet.id, "post", tell(tweet, *authors), **_targets_of(reply, quote))
    return {**tweet_document(tweet, targets), "outbox": [entry], "due": entry["at"]}


def _targets_of(reply: int | None, quote: int | None) -> Document:
    return {name: target for name, target in (("r", reply), ("q", quote)) if target is not None}
