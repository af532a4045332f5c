"""The timelines subgraph's GraphQL: types in, service calls out."""

from collections import defaultdict
from collections.abc import AsyncGenerator

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.federation import Schema
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.types import Info

from murmur.cursors import Page, Window, encode_cursor, window
from murmur.identity import Caller
from murmur.ids import parse_id
from murmur.post import Post
from murmur.runtime.context import RequestContext
from murmur.runtime.relay import After, Before, First, Last, PageInfo
from murmur.runtime.subgraph import federated_schema
from subgraphs.timelines.service import HomeWatch, TimelineService

_HOME = "homeTimeline"
_USER = "User.timeline"


class TimelinesContext(RequestContext):
    def __init__(self, caller: Caller, service: TimelineService, watch: HomeWatch) -> None:
        super().__init__(caller)
        self.service = service
        self.watch = watch
        self.timelines: DataLoader[tuple[int, Window], Page[Post]] = DataLoader(self._load_timelines)

    async def _load_timelines(self, keys: list[tuple[int, Window]]) -> list[Page[Post]]:
        """The timelines of many people at once; one operation nearly always asks all for the same window."""
        people: defaultdict[Window, list[int]] = defaultdict(list)
        for user_id, wanted in keys:
            people[wanted].append(user_id)
        pages = {wanted: await self.service.user_timelines(self.viewer_id, ids, wanted) for wanted, ids in people.items()}
        return [pages[wanted][user_id] for user_id, wanted in keys]


TimelinesInfo = Info[TimelinesContext, None]


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A tweet.")
class Tweet:
    id: strawberry.ID = strawberry.field(description="Its Snowflake id.")


@strawberry.federation.type(keys=["id"], description="A person on Murmur.")
class User:
    id: strawberry.ID = strawberry.field(description="Their Snowflake id.")

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":
        return cls(id=id)

    @strawberry.field(description="Their tweets and retweets, newest first.")
    async def timeline(
        self, info: TimelinesInfo, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "TimelineConnection":
        wanted = window(_USER, first=first, after=after, last=last, before=before)
        user_id = parse_id(self.id, "id")
        return _connection(_USER, await info.context.timelines.load((user_id, wanted)))


@strawberry.federation.type(description="A place in a timeline: a tweet, and who brought it there when its author did not.")
class TimelineEntry:
    tweet: Tweet = strawberry.field(description="The tweet.")
    retweeted_by: User | None = strawberry.field(description="Who retweeted it; null when it stands here as its author's own.")


@strawberry.federation.type(description="An entry of a timeline with its cursor.")
class TimelineEdge:
    cursor: str = strawberry.field(description="Opaque; pass it as `after` or `before`.")
    node: TimelineEntry = strawberry.field(description="The entry itself.")


@strawberry.federation.type(description="A page of a timeline, newest first. What is posted meanwhile never shifts a page.")
class TimelineConnection:
    edges: list[TimelineEdge] = strawberry.field(description="The entries with their cursors.")
    nodes: list[TimelineEntry] = strawberry.field(description="The entries alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")


def _connection(name: str, page: Page[Post]) -> TimelineConnection:
    edges = [TimelineEdge(cursor=encode_cursor(name, post.id), node=_entry(post)) for post in page.items]
    return TimelineConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


def _entry(post: Post) -> TimelineEntry:
    is_retweet = post.id != post.tweet_id
    return TimelineEntry(
        tweet=Tweet(id=strawberry.ID(str(post.tweet_id))),
        retweeted_by=User(id=strawberry.ID(str(post.user_id))) if is_retweet else None,
    )


@strawberry.type
class Query:
    @strawberry.field(
        description="What the viewer and the people they follow posted, newest first, each tweet once; the newest 800. "
        "Deleted tweets and those of blocked and muted people are left out. Needs a signed-in viewer."
    )
    async def home_timeline(
        self, info: TimelinesInfo, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> TimelineConnection:
        viewer_id = info.context.signed_in()
        wanted = window(_HOME, first=first, after=after, last=last, before=before)
        return _connection(_HOME, await info.context.service.home(viewer_id, wanted))


@strawberry.type(description="What others have brought to the top of a home timeline since it is followed.")
class TimelineUpdate:
    new_count: int = strawberry.field(description="How many entries of others have come since then, counted up to 100.")
    newest: TimelineEntry = strawberry.field(description="The newest of them.")


@strawberry.type(description="What can be followed as it happens.")
class Subscription:
    @strawberry.subscription(
        description="That others have brought something to the top of the viewer's home timeline, at most a few times a second. "
        "Ask `homeTimeline` for the entries. Needs a signed-in viewer."
    )
    async def home_timeline_updated(self, info: TimelinesInfo) -> AsyncGenerator[TimelineUpdate, None]:
        async for update in info.context.watch.follow(info.context.signed_in()):
            yield TimelineUpdate(new_count=update.new_count, newest=_entry(update.newest))


def build_schema() -> Schema:
    """The executable schema; what it runs on comes with each request's `TimelinesContext`."""
    return federated_schema(Query, subscription=Subscription)
