"""The root fields of this subgraph."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated

import strawberry

from murmur.errors import BadUserInput
from murmur.ids import parse_id
from murmur.runtime.payloads import UserError, refusals
from murmur.runtime.relay import After, Before, Connection, First, Last
from subgraphs.tweets.model import View
from subgraphs.tweets.schema.types import Info, Tweet, TweetId, tweet_connection, visible_tweet

MAX_IDS = 100


@strawberry.type(description="Reading tweets.")
class Query:
    @strawberry.field(description="A tweet; a tombstone when it is deleted, null when it is unknown or a block hides it.")
    async def tweet(self, info: Info, id: TweetId) -> Tweet | None:
        return await visible_tweet(info, parse_id(id, "id"))

    @strawberry.field(description="Tweets in the order of their ids as given; null where there is none or a block hides it.")
    async def tweets(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids of tweets.")]
    ) -> list[Tweet | None]:
        if len(ids) > MAX_IDS:
            raise BadUserInput(f"ids: {len(ids)} ids are too many; at most {MAX_IDS} fit in one request")
        tweets = await info.context.tweets.load_many([parse_id(given, "ids") for given in ids])
        return [None if tweet is None or tweet.view.hidden else tweet for tweet in tweets]

    @strawberry.field(description="What the viewer bookmarked, the latest bookmark first. Nobody else sees it.")
    async def bookmarks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Tweet]:
        return await tweet_connection(info, "bookmarks", info.context.signed_in(), first, after, last, before)


@strawberry.input(description="A tweet to publish.")
class CreateTweetInput:
    text: str = strawberry.field(description="1 to 280 weighted characters by the twitter-text rules; a link counts 23.")
    in_reply_to: strawberry.ID | None = strawberry.field(default=None, description="The id of the tweet that it answers.")
    quotes: strawberry.ID | None = strawberry.field(default=None, description="The id of the tweet that it quotes.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1 to 128 printable characters of the client's choice. Sent again within 24 hours with the same content, it "
        "returns the tweet that was published then; with other content it is refused as CONFLICT.",
    )


@strawberry.type(description="What a mutation of a tweet answers.")
class TweetPayload:
    tweet: Tweet | None = strawberry.field(default=None, description="The tweet as it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type(description="Publishing tweets, and what people do with them.")
class Mutation:
    @strawberry.mutation(description="Publish a tweet, an answer to one, or a quote. It is durable when this answers.")
    @refusals(TweetPayload)
    async def create_tweet(
        self, info: Info, input: Annotated[CreateTweetInput, strawberry.argument(description="The tweet to publish.")]
    ) -> TweetPayload:
        view = await info.context.service.create(
            info.context.signed_in(),
            input.text,
            in_reply_to_id=None if input.in_reply_to is None else parse_id(input.in_reply_to, "inReplyTo"),
            quoted_id=None if input.quotes is None else parse_id(input.quotes, "quotes"),
            idempotency_key=input.idempotency_key,
        )
        return _changed(info, view)

    @strawberry.mutation(description="Delete an own tweet. It leaves a tombstone in threads.")
    @refusals(TweetPayload)
    async def delete_tweet(self, info: Info, id: TweetId) -> TweetPayload:
        return _changed(info, await info.context.service.delete(info.context.signed_in(), parse_id(id, "id")))

    @strawberry.mutation(description="Like a tweet.")
    @refusals(TweetPayload)
    async def like(self, info: Info, tweet_id: TweetId) -> TweetPayload:
        return await _act(info, tweet_id, info.context.service.like)

    @strawberry.mutation(description="Like a tweet no longer.")
    @refusals(TweetPayload)
    async def unlike(self, info: Info, tweet_id: TweetId) -> TweetPayload:
        return await _act(info, tweet_id, info.context.service.unlike)

    @strawberry.mutation(description="Put a tweet into one's followers' timelines.")
    @refusals(TweetPayload)
    async def retweet(self, info: Info, tweet_id: TweetId) -> TweetPayload:
        return await _act(info, tweet_id, info.context.service.retweet)

    @strawberry.mutation(description="Take a retweet back.")
    @refusals(TweetPayload)
    async def undo_retweet(self, info: Info, tweet_id: TweetId) -> TweetPayload:
        return await _act(info, tweet_id, info.context.service.undo_retweet)

    @strawberry.mutation(description="Remember a tweet, for the viewer alone.")
    @refusals(TweetPayload)
    async def bookmark(self, info: Info, tweet_id: TweetId) -> TweetPayload:
        return await _act(info, tweet_id, info.context.service.bookmark)

    @strawberry.mutation(description="Forget a bookmark.")
    @refusals(TweetPayload)
    async def unbookmark(self, info: Info, tweet_id: TweetId) -> TweetPayload:
        return await _act(info, tweet_id, info.context.service.unbookmark)


@strawberry.type(description="What can be followed as it happens.")
class Subscription:
    @strawberry.subscription(
        description="A tweet whenever its counts have changed, a reply came or it was deleted, at most a few times a second. "
        "Its tombstone is the last."
    )
    async def tweet_updated(self, info: Info, id: TweetId) -> AsyncGenerator[Tweet, None]:
        viewer_id = info.context.viewer_id
        async for view in info.context.service.changes(viewer_id, parse_id(id, "id")):
            yield Tweet.of(view, viewer_id)


async def _act(info: Info, tweet_id: str, verb: Callable[[int, int], Awaitable[View]]) -> TweetPayload:
    return _changed(info, await verb(info.context.signed_in(), parse_id(tweet_id, "tweetId")))


def _changed(info: Info, view: View) -> TweetPayload:
    info.context.forget()
    return TweetPayload(tweet=Tweet.of(view, info.context.viewer_id))
