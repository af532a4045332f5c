"""Imports: tweets with ids of elsewhere, in the order of these ids, so that what a tweet answers is there before it."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from murmur.mongodb import Document, duplicates
from subgraphs.tweets.model import Tweet
from subgraphs.tweets.ports import TellTweet, TweetOutcome
from subgraphs.tweets.stores.mongodb.collections import Collections
from subgraphs.tweets.stores.mongodb.documents import tweet_document
from subgraphs.tweets.stores.mongodb.follow_up import Decided, FollowUp
from subgraphs.tweets.stores.mongodb.outbox import outbox_entry
from subgraphs.tweets.stores.mongodb.publish import Tell, decided_document

_FIELDS = {"author_id": 1, "text": 1, "deleted": 1, "path": 1}
_NEXT_IDS = 64


class Importing:
    def __init__(self, collections: Collections, follow_up: FollowUp) -> None:
        self._collections = collections
        self._follow_up = follow_up

    async def import_tweets(self, tweets: Sequence[Tweet], movable: AbstractSet[int], tell: TellTweet) -> Sequence[TweetOutcome]:
        """Each tweet is a write of its own, so an import that dies is done up to a tweet."""
        return await self._add(tweets, movable, tell, strict=True)

    async def put_tweets(self, tweets: Sequence[Tweet]) -> None:
        await self._add(tweets, frozenset(), lambda _tweet, _answered, _quoted: None, strict=False)

    async def _add(
        self, tweets: Sequence[Tweet], movable: AbstractSet[int], tell: Tell, *, strict: bool
    ) -> Sequence[TweetOutcome]:
        """`strict` refuses what answers or quotes what is not there."""
        outcomes: dict[int, TweetOutcome] = {}
        left = sorted(range(len(tweets)), key=lambda index: tweets[index].id)
        while left:
            draft = _Draft(self._collections)
            targets = {
                id_ for index in left for id_ in (tweets[index].in_reply_to_id, tweets[index].quoted_id) if id_ is not None
            }
            await draft.look({tweets[index].id for index in left} | targets)
            indexes: list[int] = []
            documents: list[Document] = []
            for index in left:
                outcome, tweet = await draft.place(tweets[index], movable=index in movable, strict=strict)
                if outcome == "added":
                    document = _document(tweet, draft.tweets, tell)
                    draft.tweets[tweet.id] = document
                    documents.append(document)
                    indexes.append(index)
                outcomes[index] = outcome
            done = await self._insert(documents)
            await self._follow_up([one for document in documents[:done] for one in _decided(document)], fresh=True)
            # Another import had the same: from there on everything is looked at again.
            left = [index for index in left if index in set(indexes[done:])]
        return [outcomes[index] for index in range(len(tweets))]

    async def _insert(self, documents: Sequence[Document]) -> int:
        """Insert in order, up to the first whose id is in use by now; how many were inserted."""
        if not documents:
            return 0
        try:
            await self._collections.tweets.bulk_write([InsertOne(document) for document in documents], ordered=True)
        except BulkWriteError as error:
            return min(duplicates(error))
        return len(documents)


class _Draft:
    """Where the tweets of a batch will be, given what is there."""

    def __init__(self, collections: Collections) -> None:
        self._collections = collections
        self._known: set[int] = set()
        self._edges: set[int] = set()
        self.tweets: dict[int, Document] = {}

    async def look(self, ids: Collection[int]) -> None:
        """Read which of these ids are in use."""
        wanted = {"_id": {"$in": list(ids)}}
        self._known.update(ids)
        self._edges |= {edge["_id"] async for edge in self._collections.ids.find(wanted)}
        self.tweets |= {tweet["_id"]: tweet async for tweet in self._collections.tweets.find(wanted, _FIELDS)}

    async def place(self, tweet: Tweet, *, movable: bool, strict: bool) -> tuple[TweetOutcome, Tweet]:
        while tweet.id in self.tweets or tweet.id in self._edges:
            if _is_same(tweet, self.tweets.get(tweet.id)):
                return "present", tweet
            if not movable:
                return "taken", tweet
            tweet = replace(tweet, id=tweet.id + 1)
            if tweet.id not in self._known:
                await self.look(set(range(tweet.id, tweet.id + _NEXT_IDS)) - self._known)
        for target in (tweet.in_reply_to_id, tweet.quoted_id):
            # What a reply answers is older, so rising ids are an order in which everything can be imported again.
            if strict and target is not None and (target not in self.tweets or target >= tweet.id):
                return "orphan", tweet
        return "added", tweet


def _is_same(tweet: Tweet, found: Document | None) -> bool:
    if found is None or found["author_id"] != tweet.author_id:
        return False
    return tweet.deleted or "deleted" in found or found["text"] == tweet.text


def _document(tweet: Tweet, tweets: Mapping[int, Document], tell: Tell) -> Document:
    if not tweet.deleted:
        return decided_document(tweet, tweets, tell)
    if tweet.in_reply_to_id is None:
        return tweet_document(tweet, tweets)
    entry = outbox_entry(-tweet.id, "bury", None, r=tweet.in_reply_to_id)
    return {**tweet_document(tweet, tweets), "outbox": [entry], "due": entry["at"]}


def _decided(document: Document) -> list[Decided]:
    return [Decided(document["_id"], document["author_id"], entry) for entry in document.get("outbox", ())]
