"""The search subgraph's GraphQL: types in, service calls out."""

import unicodedata
from collections.abc import Sequence
from enum import Enum
from hashlib import blake2b
from typing import Annotated

import strawberry
from strawberry.federation import Schema
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.types import Info

from murmur.cursors import Page, decode_cursor, encode_cursor
from murmur.cursors import window as page_of
from murmur.errors import BadUserInput
from murmur.identity import Caller
from murmur.ids import MAX_ID
from murmur.runtime.context import RequestContext
from murmur.runtime.relay import After, Connection, First, PageInfo, connection
from murmur.runtime.subgraph import federated_schema
from murmur.text import is_hashtag
from subgraphs.search.model import Grade, Hit, Kind
from subgraphs.search.model import TrendWindow as Window
from subgraphs.search.service import SearchService, Trends, parse
from subgraphs.search.service.find import Found, Place


class SearchContext(RequestContext):
    def __init__(self, caller: Caller, service: SearchService, trends: Trends) -> None:
        super().__init__(caller)
        self.service = service
        self.trends = trends


SearchInfo = Info[SearchContext, None]


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A tweet.")
class Tweet:
    id: strawberry.ID = strawberry.field(description="Its Snowflake id.")


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A person on Murmur.")
class User:
    id: strawberry.ID = strawberry.field(description="Their Snowflake id.")


@strawberry.federation.type(keys=["tag"], description="A hashtag, whether or not anybody has used it.")
class Hashtag:
    tag: str = strawberry.field(description="Without its sign, in lower case.")

    @classmethod
    def resolve_reference(cls, tag: str) -> "Hashtag":
        return cls(tag=tag.lower())

    @strawberry.field(description="Tweets with this hashtag, the newest first; without what a block hides from the viewer.")
    async def timeline(self, info: SearchInfo, first: First = None, after: After = None) -> Connection[Tweet]:
        name = f"hashtag:{self.tag}"[:64]
        wanted = page_of(name, first=first, after=after)
        below = MAX_ID + 1 if wanted.below is None else wanted.below
        found = await info.context.service.tagged(info.context.viewer_id, self.tag, below, wanted.limit)
        page = Page(found.items, has_next=found.has_next, has_previous=after is not None)
        return connection(name, page, lambda hit: hit.id, lambda hit: Tweet(id=strawberry.ID(str(hit.id))))


SearchResult = Annotated[Tweet | User, strawberry.union("SearchResult", description="What a search finds.")]


@strawberry.enum(description="What is searched for.")
class SearchType(Enum):
    TWEETS = strawberry.enum_value("tweets", description="Tweets.")
    USERS = strawberry.enum_value("users", description="People.")
    ALL = strawberry.enum_value("all", description="Tweets and people in one list.")


@strawberry.enum(description="In which order results come.")
class SearchOrder(Enum):
    RELEVANCE = strawberry.enum_value(
        "relevance", description="What matches as it was written comes before what matches by a typo or a beginning."
    )
    LATEST = strawberry.enum_value("latest", description="The newest first, however well they match.")


@strawberry.type(description="A result with its cursor.")
class SearchEdge:
    cursor: str = strawberry.field(description="Opaque; pass it as `after` of the same search.")
    node: SearchResult = strawberry.field(description="The result itself.")


@strawberry.type(description="A page of results. What is written meanwhile never shifts a page.")
class SearchConnection:
    edges: list[SearchEdge] = strawberry.field(description="The results with their cursors.")
    nodes: list[SearchResult] = strawberry.field(description="The results alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")


@strawberry.enum(description="Since when it is counted what rises. A window begins with a full hour of UTC.")
class TrendWindow(Enum):
    HOUR = strawberry.enum_value("hour", description="The hour before this one, and this one.")
    DAY = strawberry.enum_value("day", description="The 24 hours before this one, and this one.")
    WEEK = strawberry.enum_value("week", description="The seven days before this hour, and this hour.")


@strawberry.type(description="A hashtag that rises: it is used more than its own past would have one expect.")
class Trend:
    hashtag: Hashtag = strawberry.field(description="The hashtag.")
    tweet_count: int = strawberry.field(
        description="How many tweets of the window have it, but of a person's at most one for each hour; without deleted ones, "
        "and without those of protected people."
    )
    rank: int = strawberry.field(description="Its place: 1 rises most.")


_KINDS = {SearchType.TWEETS: (Kind.TWEET,), SearchType.USERS: (Kind.PERSON,), SearchType.ALL: (Kind.TWEET, Kind.PERSON)}
_GRADES: dict[SearchOrder, tuple[Grade | None, ...]] = {
    SearchOrder.RELEVANCE: (Grade.EXACT, Grade.LOOSE),
    SearchOrder.LATEST: (None,),
}


@strawberry.type
class Query:
    @strawberry.field(
        description="Tweets and people by words and operators. What is deleted, and what a block hides, is not found. "
        "A query that can't be read is BAD_USER_INPUT and says where it goes wrong."
    )
    async def search(
        self,
        info: SearchInfo,
        query: Annotated[
            str,
            strawberry.argument(
                description='Words, "phrases", -word, OR, #tag, @handle, from:, to:, since:, until:, min_likes:, '
                "min_retweets:, has:links, is:reply and lang:, in at most 512 characters."
            ),
        ],
        type: Annotated[SearchType, strawberry.argument(description="What is searched for.")] = SearchType.TWEETS,
        order: Annotated[SearchOrder, strawberry.argument(description="In which order.")] = SearchOrder.RELEVANCE,
        first: First = None,
        after: Annotated[str | None, strawberry.argument(description="Results after the one of this cursor.")] = None,
    ) -> SearchConnection:
        limit = page_of("search", first=first).limit
        name = blake2b(f"{type.value} {order.value} {query}".encode(errors="replace"), digest_size=16).hexdigest()
        parsed, grades = parse(query), _GRADES[order]
        place = None if after is None else _place(name, grades, after)
        viewer_id = info.context.viewer_id
        found = await info.context.service.search(viewer_id, parsed, _KINDS[type], grades, place, limit)
        return _connection(name, found, has_previous=after is not None)

    @strawberry.field(description="A hashtag by its name, with or without its sign; null for what can be none.")
    def hashtag(self, tag: Annotated[str, strawberry.argument(description="Without regard to case.")]) -> Hashtag | None:
        tag = unicodedata.normalize("NFC", tag.lstrip("#＃"))
        return Hashtag(tag=tag.lower()) if is_hashtag(tag) else None

    @strawberry.field(
        description="The hashtags that rise against their own past, the steepest first, as they were ranked some seconds ago. "
        "Prohibited ones are never among them."
    )
    async def trends(
        self,
        info: SearchInfo,
        window: Annotated[TrendWindow, strawberry.argument(description="Since when.")] = TrendWindow.DAY,
        first: Annotated[int, strawberry.argument(description="At most so many, 1 to 100.")] = 10,
    ) -> list[Trend]:
        limit = page_of("trends", first=first).limit
        rows = await info.context.trends.top(Window[window.name], limit)
        return [Trend(hashtag=Hashtag(tag=row.tag), tweet_count=row.uses, rank=rank) for rank, row in enumerate(rows, 1)]


def build_schema() -> Schema:
    """The executable schema; what it runs on comes with each request's `SearchContext`."""
    return federated_schema(Query)


def _list(name: str, grade: Grade | None) -> str:
    """The name that cursors of a grade of a search are made with, so that a cursor tells its grade."""
    return f"{name}:{'all' if grade is None else grade.name}"


def _place(name: str, grades: Sequence[Grade | None], cursor: str) -> Place:
    """Raises BadUserInput for a cursor of another search."""
    for grade in grades[:-1]:
        try:
            return Place(grade, decode_cursor(_list(name, grade), cursor, "after"))
        except BadUserInput:
            continue
    return Place(grades[-1], decode_cursor(_list(name, grades[-1]), cursor, "after"))


def _connection(name: str, found: Found, *, has_previous: bool) -> SearchConnection:
    edges = [SearchEdge(cursor=encode_cursor(_list(name, hit.grade), hit.id), node=_node(hit)) for hit in found.items]
    return SearchConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=found.has_next,
            has_previous_page=has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


def _node(hit: Hit) -> Tweet | User:
    id_ = strawberry.ID(str(hit.id))
    return Tweet(id=id_) if hit.kind is Kind.TWEET else User(id=id_)
