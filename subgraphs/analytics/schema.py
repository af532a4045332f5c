"""The analytics subgraph's GraphQL: types in, service calls out."""

from collections import defaultdict
from typing import Annotated

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.federation import Schema
from strawberry.types import Info

from murmur.errors import Forbidden
from murmur.identity import Caller
from murmur.ids import parse_id
from murmur.runtime.context import RequestContext
from murmur.runtime.enums import describe
from murmur.runtime.payloads import UserError, refusals
from murmur.runtime.scalars import DateTime
from murmur.runtime.subgraph import federated_schema
from subgraphs.analytics.model import DAYS_KEPT, HOURS_KEPT_DAYS, Bucket, Counts, Kind
from subgraphs.analytics.service import AnalyticsService, Recording
from subgraphs.analytics.service.reading import NEWEST_BUCKETS, Report
from subgraphs.analytics.service.recording import MAX_SEEN

_MAX_INT = 2**31 - 1
_MEANINGS = {Bucket.HOUR: "An hour.", Bucket.DAY: "A day of UTC."}
describe(Bucket, "How long a time counts are summed up over.", _MEANINGS)

_Time = tuple[int | None, int | None, Bucket]


class AnalyticsContext(RequestContext):
    def __init__(self, caller: Caller, service: AnalyticsService, recording: Recording) -> None:
        super().__init__(caller)
        self.service = service
        self.recording = recording
        self.tweets: DataLoader[tuple[int, _Time], Report | None] = DataLoader(self._load_tweets)

    async def _load_tweets(self, keys: list[tuple[int, _Time]]) -> list[Report | None]:
        """One operation nearly always asks for the same time of all tweets."""
        wanted: defaultdict[_Time, list[int]] = defaultdict(list)
        for tweet_id, when in keys:
            wanted[when].append(tweet_id)
        found = {when: await self.service.of_tweets(self.viewer_id, ids, *when) for when, ids in wanted.items()}
        return [found[when].get(tweet_id) for tweet_id, when in keys]


AnalyticsInfo = Info[AnalyticsContext, None]

From = Annotated[DateTime, strawberry.argument(name="from", description="Its bucket is the first.")]
To = Annotated[DateTime, strawberry.argument(name="to", description="The bucket of the moment before is the last.")]
BucketArgument = Annotated[
    Bucket,
    strawberry.argument(
        description=f"How long each bucket is. Hours are there for {HOURS_KEPT_DAYS} days, days for {DAYS_KEPT}."
    ),
]


@strawberry.type(description="What came of a tweet in some time.")
class TweetActivity:
    start: DateTime = strawberry.field(description="When the time begins.")
    impressions: int = strawberry.field(
        description="How many people saw it; somebody who sees it again an hour later counts again."
    )
    engagements: int = strawberry.field(description="Likes, retweets, replies and quotes together.")
    likes: int = strawberry.field(description="Likes given. What is taken back later stays counted.")
    unlikes: int = strawberry.field(description="Likes taken back.")
    retweets: int = strawberry.field(description="Retweets. What is undone later stays counted.")
    undone_retweets: int = strawberry.field(description="Retweets undone.")
    replies: int = strawberry.field(description="Replies written, deleted ones included.")
    quotes: int = strawberry.field(description="Quotes written, deleted ones included.")


@strawberry.type(description="What came of a person's tweets and profile in some time.")
class UserActivity(TweetActivity):
    profile_visits: int = strawberry.field(description="How many people visited the profile, each once an hour.")
    followers_gained: int = strawberry.field(description="People who began to follow.")
    followers_lost: int = strawberry.field(description="People who ended it, or with whom a block ended it.")
    followers_net: int = strawberry.field(description="Followers gained without those lost.")


@strawberry.type(description="What came of a tweet. Its author's alone.")
class TweetAnalytics:
    report: strawberry.Private[Report]

    @strawberry.field(description="All of the time asked for.")
    def total(self) -> TweetActivity:
        return _of_tweet(self.report.span.start, self.report.total)

    @strawberry.field(description="Each bucket of it, the oldest first, empty ones included.")
    def buckets(self) -> list[TweetActivity]:
        return [_of_tweet(start, counts) for start, counts in self.report.buckets]


@strawberry.type(description="What came of a person's tweets and profile. Their own alone.")
class UserAnalytics:
    report: strawberry.Private[Report]

    @strawberry.field(description="All of the time asked for.")
    def total(self) -> UserActivity:
        return _of_person(self.report.span.start, self.report.total)

    @strawberry.field(description="Each bucket of it, the oldest first, empty ones included.")
    def buckets(self) -> list[UserActivity]:
        return [_of_person(start, counts) for start, counts in self.report.buckets]


@strawberry.type(description="How the platform did in some time.")
class PlatformActivity:
    start: DateTime = strawberry.field(description="When the time begins.")
    posts: int = strawberry.field(description="Tweets published, replies and quotes included, imported ones not.")
    posts_per_minute: float = strawberry.field(description="Posts by the minutes of the bucket.")
    active_people: int = strawberry.field(
        description="People who posted, liked, retweeted, followed, or saw a tweet or a profile; each counts once in a bucket."
    )
    requests: int = strawberry.field(description="GraphQL requests that the gateways answered.")
    failures: int = strawberry.field(description="Those among them that failed or missed a part by a fault of the platform.")
    error_rate: float | None = strawberry.field(description="Failures by requests, 0 to 1; null without requests.")
    fanout_lag_ms: float | None = strawberry.field(
        description="The mean time from a post to its delivery to all timelines; null where none were delivered."
    )
    fanout_within_second: float | None = strawberry.field(
        description="The share of posts, 0 to 1, that were delivered to all timelines within a second; null where none were."
    )
    fanout_backlog: float | None = strawberry.field(
        description="The mean number of events that waited for fanout, of the moments when any did; null where none were seen to."
    )


@strawberry.type(description="How the platform does. For admins alone.")
class PlatformMetrics:
    buckets: list[PlatformActivity] = strawberry.field(
        description="Each bucket of the time, the oldest first, empty ones included."
    )


@strawberry.federation.type(keys=["id"], description="A person on Murmur.")
class User:
    id: strawberry.ID = strawberry.field(description="Their Snowflake id.")

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":
        return cls(id=id)

    @strawberry.field(description="What came of the person's tweets and profile. Null for everybody but themselves.")
    async def analytics(
        self,
        info: AnalyticsInfo,
        from_: From,
        to: To,
        bucket: BucketArgument = Bucket.DAY,
    ) -> UserAnalytics | None:
        report = await info.context.service.of_person(info.context.viewer_id, parse_id(self.id, "id"), from_, to, bucket)
        return None if report is None else UserAnalytics(report=report)


@strawberry.federation.type(keys=["id"], description="A tweet.")
class Tweet:
    id: strawberry.ID = strawberry.field(description="Its Snowflake id.")

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Tweet":
        return cls(id=id)

    @strawberry.field(
        description="What came of the tweet. Null for everybody but its author. Without `from` and `to` the total is of all time."
    )
    async def analytics(
        self,
        info: AnalyticsInfo,
        from_: Annotated[
            DateTime | None,
            strawberry.argument(
                name="from",
                description=f"Its bucket is the first; without it there are the newest {NEWEST_BUCKETS[Bucket.DAY]} days, "
                f"or {NEWEST_BUCKETS[Bucket.HOUR]} hours.",
            ),
        ] = None,
        to: Annotated[
            DateTime | None,
            strawberry.argument(description="The bucket of the moment before is the last; without it that of now."),
        ] = None,
        bucket: BucketArgument = Bucket.DAY,
    ) -> TweetAnalytics | None:
        report = await info.context.tweets.load((parse_id(self.id, "id"), (from_, to, bucket)))
        return None if report is None else TweetAnalytics(report=report)


@strawberry.type
class Query:
    @strawberry.field(
        description="How the platform does. For admins alone: FORBIDDEN for others, UNAUTHENTICATED for an anonymous request."
    )
    async def platform_metrics(
        self, info: AnalyticsInfo, from_: From, to: To, bucket: BucketArgument = Bucket.HOUR
    ) -> PlatformMetrics | None:
        info.context.signed_in()
        if info.context.viewer is None or not info.context.viewer.admin:
            raise Forbidden("the platform's metrics are for admins")
        report = await info.context.service.of_platform(from_, to, bucket)
        return PlatformMetrics(buckets=[_of_platform(start, counts, bucket) for start, counts in report.buckets])


@strawberry.input(description="What a client has shown to the viewer since it last told.")
class RecordImpressionsInput:
    batch_id: str = strawberry.field(
        description="The client's own name for this batch, such as a UUID: what is sent again under it within a day counts once."
    )
    tweet_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description=f"Tweets that were seen. With the profiles at most {MAX_SEEN}."
    )
    profile_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="People whose profile was visited.")


@strawberry.type(description="What recording impressions answers.")
class RecordImpressionsPayload:
    accepted: int | None = strawberry.field(
        default=None, description="How many different things the batch told of; null when it was refused."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Tell what the viewer has seen, in batches. Durable when answered, counted soon after: a person's look at a "
        "tweet or a profile once an hour. What is their own, or unknown, is not counted."
    )
    @refusals(RecordImpressionsPayload)
    async def record_impressions(
        self, info: AnalyticsInfo, input: Annotated[RecordImpressionsInput, strawberry.argument(description="The batch.")]
    ) -> RecordImpressionsPayload:
        viewer_id = info.context.signed_in()
        tweets = [parse_id(id_, "input.tweetIds") for id_ in input.tweet_ids]
        profiles = [parse_id(id_, "input.profileIds") for id_ in input.profile_ids]
        accepted = await info.context.recording.record(viewer_id, input.batch_id, tweets, profiles)
        return RecordImpressionsPayload(accepted=accepted)


def build_schema() -> Schema:
    """The executable schema; what it runs on comes with each request's `AnalyticsContext`."""
    return federated_schema(Query, Mutation, types=(User, Tweet))


def _of_tweet(start: int, counts: Counts) -> TweetActivity:
    return TweetActivity(start=DateTime(start), **_engagement(counts))


def _of_person(start: int, counts: Counts) -> UserActivity:
    gained, lost = counts.get(Kind.FOLLOW, 0), counts.get(Kind.UNFOLLOW, 0)
    return UserActivity(
        start=DateTime(start),
        **_engagement(counts),
        profile_visits=_int(counts.get(Kind.VISIT, 0)),
        followers_gained=gained,
        followers_lost=lost,
        followers_net=gained - lost,
    )


def _engagement(counts: Counts) -> dict[str, int]:
    likes, retweets, replies, quotes = (counts.get(kind, 0) for kind in (Kind.LIKE, Kind.RETWEET, Kind.REPLY, Kind.QUOTE))
    return {
        "impressions": _int(counts.get(Kind.IMPRESSION, 0)),
        "engagements": likes + retweets + replies + quotes,
        "likes": likes,
        "unlikes": counts.get(Kind.UNLIKE, 0),
        "retweets": retweets,
        "undone_retweets": counts.get(Kind.UNRETWEET, 0),
        "replies": replies,
        "quotes": quotes,
    }


def _of_platform(start: int, counts: Counts, bucket: Bucket) -> PlatformActivity:
    def of(kind: Kind) -> int:
        return counts.get(kind, 0)

    return PlatformActivity(
        start=DateTime(start),
        posts=of(Kind.POST),
        posts_per_minute=of(Kind.POST) / (bucket.ms // 60_000),
        active_people=of(Kind.ACTIVE_HOUR if bucket is Bucket.HOUR else Kind.ACTIVE_DAY),
        requests=_int(of(Kind.REQUEST)),
        failures=_int(of(Kind.FAILURE)),
        error_rate=_ratio(of(Kind.FAILURE), of(Kind.REQUEST)),
        fanout_lag_ms=_ratio(of(Kind.FANOUT_MS), of(Kind.FANOUT)),
        fanout_within_second=_ratio(of(Kind.FANOUT_SECOND), of(Kind.FANOUT)),
        fanout_backlog=_ratio(of(Kind.BACKLOG), of(Kind.BACKLOG_LOOK)),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _int(count: int) -> int:
    """GraphQL's `Int` has 32 bits; what nobody counts by hand any more stays at its end."""
    return min(count, _MAX_INT)
