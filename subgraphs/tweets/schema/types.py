"""The entities and values that this subgraph shows."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from murmur.cursors import Page, window
from murmur.ids import parse_id
from murmur.runtime.relay import After, Before, Connection, First, Last, connection
from murmur.runtime.scalars import DateTime
from murmur.text import Entities
from subgraphs.tweets.model import Entry, Listing, View
from subgraphs.tweets.schema.context import TweetsContext

Info = strawberry.Info[TweetsContext["Tweet"], None]


@strawberry.federation.type(keys=["id"], description="A person, and what they have tweeted and liked.")
class User:
    id: strawberry.ID = strawberry.field(description="A decimal 64-bit id.")

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":
        return cls(id=id)

    @strawberry.field(description="How many tweets they have published and not deleted, replies included.")
    async def tweet_count(self, info: Info) -> int:
        return await info.context.tweet_counts.load(parse_id(self.id, "id"))

    @strawberry.field(description="Their own tweets, without replies. Empty when a block stands between them and the viewer.")
    async def tweets(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[Tweet]":
        return await tweet_connection(info, "originals", parse_id(self.id, "id"), first, after, last, before)

    @strawberry.field(description="Their replies to tweets. Empty when a block stands between them and the viewer.")
    async def replies(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[Tweet]":
        return await tweet_connection(info, "replies", parse_id(self.id, "id"), first, after, last, before)

    @strawberry.field(description="Tweets that they like, the latest like first. Empty when a block hides them from the viewer.")
    async def likes(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[Tweet]":
        return await tweet_connection(info, "likes", parse_id(self.id, "id"), first, after, last, before)


@strawberry.type(description="A handle in a text.")
class Mention:
    handle: str = strawberry.field(description="As written, without the sign.")
    start: int = strawberry.field(description="Where it starts in the text, in code points, the sign included.")
    end: int = strawberry.field(description="Where it ends, exclusive.")

    @strawberry.field(description="Who has the handle today; null when nobody has.")
    async def user(self, info: Info) -> User | None:
        user_id = await info.context.ids_of_handles.load(self.handle.lower())
        return None if user_id is None else _user(user_id)


@strawberry.federation.type(keys=[Key(fields=FieldSet("tag"), resolvable=False)], description="A hashtag.")
class Hashtag:
    tag: str = strawberry.field(description="Without its sign, in lower case.")


@strawberry.type(description="A hashtag in a text.")
class HashtagUse:
    tag: str = strawberry.field(description="As written, without the sign.")
    start: int = strawberry.field(description="Where it starts in the text, in code points, the sign included.")
    end: int = strawberry.field(description="Where it ends, exclusive.")

    @strawberry.field(description="The hashtag itself, with its timeline.")
    def hashtag(self) -> Hashtag:
        return Hashtag(tag=self.tag.lower())


@strawberry.type(description="A link in a text.")
class Link:
    url: str = strawberry.field(description="As written; it may lack the scheme.")
    start: int = strawberry.field(description="Where it starts in the text, in code points.")
    end: int = strawberry.field(description="Where it ends, exclusive.")


@strawberry.type(description="What a text mentions and links to, in the order of the text.")
class TweetEntities:
    mentions: list[Mention] = strawberry.field(description="Handles with a sign before them.")
    hashtags: list[HashtagUse] = strawberry.field(description="Words with a hash sign before them.")
    links: list[Link] = strawberry.field(description="Web addresses.")


@strawberry.federation.type(
    keys=["id"],
    description="A published text. It never changes, but its author can delete it, which leaves a tombstone in threads.",
)
class Tweet:
    view: strawberry.Private[View]
    id: strawberry.ID = strawberry.field(description="A decimal 64-bit id; ids rise with time.")
    text: str = strawberry.field(description="The text in Unicode NFC; empty in a tombstone.")
    created_at: DateTime = strawberry.field(description="When it was published.")
    author: User = strawberry.field(description="Who wrote it.")
    lang: str | None = strawberry.field(
        description="The language of the text as a BCP 47 tag, such as `en`; null where the text does not tell for sure."
    )
    like_count: int = strawberry.field(description="How many people like it.")
    retweet_count: int = strawberry.field(description="How many people retweeted it.")
    reply_count: int = strawberry.field(description="How many replies to it stand.")
    quote_count: int = strawberry.field(description="How many tweets that quote it stand.")
    bookmark_count: int | None = strawberry.field(description="How many people bookmarked it; told to its author alone.")
    viewer_liked: bool = strawberry.field(description="Whether the viewer likes it.")
    viewer_retweeted: bool = strawberry.field(description="Whether the viewer retweeted it.")
    viewer_bookmarked: bool = strawberry.field(description="Whether the viewer bookmarked it.")
    deleted: bool = strawberry.field(
        description="Whether this is a tombstone: deleted, or hidden by a block where its place must be filled."
    )

    @classmethod
    def of(cls, view: View, viewer_id: int | None) -> "Tweet":
        tweet = view.tweet
        return cls(
            view=view,
            id=strawberry.ID(str(tweet.id)),
            text=tweet.text,
            created_at=DateTime(tweet.created_at),
            author=_user(tweet.author_id),
            lang=tweet.lang,
            like_count=view.likes,
            retweet_count=view.retweets,
            reply_count=view.replies,
            quote_count=view.quotes,
            bookmark_count=view.bookmarks if tweet.author_id == viewer_id else None,
            viewer_liked=view.liked,
            viewer_retweeted=view.retweeted,
            viewer_bookmarked=view.bookmarked,
            deleted=tweet.deleted,
        )

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Awaitable[Tweet | None]":
        # The loader's future as it is: a coroutine for each of a list would cost as much again.
        return info.context.tweets.load(parse_id(id, "id"))

    @strawberry.field(description="Mentions, hashtags and links in the text, with where they are; empty in a tombstone.")
    def entities(self) -> TweetEntities:
        return _entities(self.view.tweet.entities)

    @strawberry.field(description="The tweet that this one answers; null when it answers none, or one that a block hides.")
    async def in_reply_to(self, info: Info) -> "Tweet | None":
        return await visible_tweet(info, self.view.tweet.in_reply_to_id)

    @strawberry.field(description="The tweet that this one quotes; null when it quotes none, or one that a block hides.")
    async def quoted(self, info: Info) -> "Tweet | None":
        return await visible_tweet(info, self.view.tweet.quoted_id)

    @strawberry.field(
        description="What it answers, what that answers, and so on: the conversation above it, its root first, the nearest 100. "
        "Deleted ones are tombstones; ones that a block hides are left out."
    )
    async def ancestors(self, info: Info) -> list["Tweet"]:
        if self.view.tweet.in_reply_to_id is None:
            return []
        ids = await info.context.ancestors.load(self.view.tweet.id)
        tweets = await info.context.tweets.load_many(ids)
        return [tweet for tweet in tweets if tweet is not None and not tweet.view.hidden]

    @strawberry.field(
        description="Direct replies. A deleted one stays, as a tombstone, while it has replies; what a block hides is left out."
    )
    async def replies(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[Tweet]":
        return await tweet_connection(info, "thread", self.view.tweet.id, first, after, last, before)

    @strawberry.field(description="Who likes it, the latest first; people that a block hides are left out.")
    async def liked_by(self, info: Info, first: First = None, after: After = None) -> Connection[User]:
        return await self._people(info, "likers", first, after)

    @strawberry.field(description="Who retweeted it, the latest first; people that a block hides are left out.")
    async def retweeted_by(self, info: Info, first: First = None, after: After = None) -> Connection[User]:
        return await self._people(info, "retweeters", first, after)

    async def _people(self, info: Info, listing: Listing, first: int | None, after: str | None) -> Connection[User]:
        tweet = self.view.tweet
        name = f"{listing}:{tweet.id}"
        wanted = window(name, first=first, after=after)
        if tweet.deleted:
            page: Page[Entry] = Page((), has_next=False, has_previous=False)
        else:
            page = await info.context.pages.load((listing, tweet.id, wanted))
        return connection(name, page, lambda entry: entry.id, lambda entry: _user(entry.user_id))


TweetId = Annotated[strawberry.ID, strawberry.argument(description="The tweet's id.")]


async def visible_tweet(info: Info, tweet_id: int | None) -> Tweet | None:
    """None for no id, an unknown one, and a tweet that a block hides from the viewer."""
    tweet = None if tweet_id is None else await info.context.tweets.load(tweet_id)
    return None if tweet is None or tweet.view.hidden else tweet


async def tweet_connection(
    info: Info, listing: Listing, owner_id: int, first: int | None, after: str | None, last: int | None, before: str | None
) -> Connection[Tweet]:
    name = f"{listing}:{owner_id}"
    wanted = window(name, first=first, after=after, last=last, before=before)
    page = await info.context.pages.load((listing, owner_id, wanted))
    tweets = await info.context.tweets.load_many([entry.tweet_id for entry in page.items])
    found = {tweet.view.tweet.id: tweet for tweet in tweets if tweet is not None}
    return connection(name, page, lambda entry: entry.id, lambda entry: found[entry.tweet_id])


def _user(user_id: int) -> User:
    return User(id=strawberry.ID(str(user_id)))


def _entities(found: Entities) -> TweetEntities:
    return TweetEntities(
        mentions=[Mention(handle=span.value, start=span.start, end=span.end) for span in found.mentions],
        hashtags=[HashtagUse(tag=span.value, start=span.start, end=span.end) for span in found.hashtags],
        links=[Link(url=span.value, start=span.start, end=span.end) for span in found.links],
    )
