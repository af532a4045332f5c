"""What is indexed: a document for each tweet and each person, always made anew from what the stores say now."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import structlog

from murmur.events import (
    AnyEvent,
    Liked,
    ProfileUpdated,
    Retweeted,
    RetweetUndone,
    TweetDeleted,
    TweetPublished,
    Unliked,
    UserSignedUp,
)
from subgraphs.search.model import Document, Kind, PersonDocument, TweetDocument
from subgraphs.search.ports import People, Person, SearchIndex, Tweets, View

_BATCH = 500
_LAST_LOOKS = 10
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """How many documents were made, and how many removed that nothing stands for."""

    kind: Kind
    written: int
    removed: int


class Indexer:
    """An event only says whose document to make; so order and repetition do not matter, and counts can't drift."""

    def __init__(self, index: SearchIndex, tweets: Tweets, people: People) -> None:
        self._index = index
        self._tweets = tweets
        self._people = people

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Take in what happened."""
        tweets: dict[int, None] = {}
        people: dict[int, None] = {}
        for event in events:
            match event:
                case TweetPublished() | TweetDeleted() | Liked() | Unliked() | Retweeted() | RetweetUndone():
                    tweets[event.tweet_id] = None
                case UserSignedUp() | ProfileUpdated():
                    people[event.user_id] = None
                case _:
                    pass
        await self.index_tweets(tweets)
        await self.index_people(people)

    async def index_tweets(self, ids: Collection[int]) -> None:
        """Make the documents of tweets; remove those of tweets that do not stand."""
        if not ids:
            return
        documents = await self._tweet_documents(ids)
        await self._index.put(documents)
        await self._index.remove(Kind.TWEET, set(ids) - {document.id for document in documents})

    async def index_people(self, ids: Collection[int]) -> None:
        if ids:
            await self._index.put(await self._person_documents(ids))

    async def reindex(self) -> AsyncIterator[Progress]:
        """Make every document anew, beside whatever is written, and remove what nothing stands for."""
        above = 0
        while page := await self._tweets.all_tweets(above, _BATCH):
            above = page[-1].id
            ids = [tweet.id for tweet in page]
            tweets = await self._tweet_documents(ids)
            yield Progress(Kind.TWEET, await self._settle(Kind.TWEET, ids, tweets, self._tweet_documents), 0)
        above = 0
        while people := await self._people.all_users(above, _BATCH):
            above = people[-1].id
            ids = [person.id for person in people]
            persons = [_person(person) for person in people]
            yield Progress(Kind.PERSON, await self._settle(Kind.PERSON, ids, persons, self._person_documents), 0)
        for kind, known in ((Kind.TWEET, self._tweets.standing), (Kind.PERSON, self._people.users)):
            above = 0
            while ids := await self._index.ids(kind, above, _BATCH):
                above = ids[-1]
                gone = set(ids) - set(await known(ids))
                await self._index.remove(kind, gone)
                yield Progress(kind, 0, len(gone))

    async def _settle(
        self,
        kind: Kind,
        ids: Collection[int],
        documents: Sequence[Document],
        read: Callable[[Collection[int]], Awaitable[Sequence[Document]]],
    ) -> int:
        """Write what was read of `ids` until it is what `read` says afterwards; returns how many have a document.

        An indexer at work may have written something newer between our reading and our writing, which is then undone here.
        Whatever changes after the last look has an event that is still to be heard.
        """
        standing = len(documents)
        changing = set(ids)
        for _ in range(_LAST_LOOKS):
            written = {document.id: document for document in documents}
            await self._index.put(documents)
            await self._index.remove(kind, changing - written.keys())
            now = {document.id: document for document in await read(changing)}
            changing = {id_ for id_ in changing if written.get(id_) != now.get(id_)}
            if not changing:
                return standing
            documents = [document for id_, document in now.items() if id_ in changing]
        # They are written all the time, and so indexed by their events too; to wait for quiet could take for ever.
        _log.warning("documents changed at each look; reindex again", kind=kind.value, ids=sorted(changing))
        return standing

    async def _tweet_documents(self, ids: Collection[int]) -> list[TweetDocument]:
        views = await self._tweets.views(ids, None)
        standing = [view for view in views.values() if not view.tweet.deleted]
        answered = {view.tweet.in_reply_to_id for view in standing if view.tweet.in_reply_to_id is not None}
        roots = await self._tweets.views(answered, None) if answered else {}
        authors = {view.tweet.author_id for view in (*standing, *roots.values())}
        people = await self._people.users(authors) if authors else {}

        def handle(author_id: int) -> str:
            person = people.get(author_id)
            return "" if person is None else person.handle.lower()

        return [_tweet(view, handle, roots.get(view.tweet.in_reply_to_id or 0)) for view in standing]

    async def _person_documents(self, ids: Collection[int]) -> list[PersonDocument]:
        return [_person(person) for person in (await self._people.users(ids)).values()]


def _tweet(view: View, handle: Callable[[int], str], answered: View | None) -> TweetDocument:
    tweet = view.tweet
    return TweetDocument(
        id=tweet.id,
        author_id=tweet.author_id,
        author=handle(tweet.author_id),
        at=tweet.created_at,
        text=tweet.text,
        tags=tuple(dict.fromkeys(span.value.lower() for span in tweet.entities.hashtags)),
        mentions=tuple(dict.fromkeys(span.value.lower() for span in tweet.entities.mentions)),
        reply=tweet.in_reply_to_id is not None,
        reply_to=None if answered is None else handle(answered.tweet.author_id),
        links=bool(tweet.entities.links),
        lang=None if tweet.lang is None else tweet.lang.partition("-")[0].lower(),
        likes=view.likes,
        retweets=view.retweets,
    )


def _person(person: Person) -> PersonDocument:
    return PersonDocument(person.id, person.handle, person.name, person.bio, person.created_at)
