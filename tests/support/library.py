"""A small federation to try a gateway on: books, and readers' reviews of them. Each `Library` has its own books."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated

import strawberry
from strawberry.federation import Schema
from strawberry.types import Info

from gateway.federation.composition import SubgraphSdl, compose
from gateway.federation.engine import Engine
from gateway.federation.executor.transport import Transport
from gateway.federation.supergraph import Supergraph, load_supergraph
from murmur.errors import Forbidden
from murmur.identity import Caller
from murmur.runtime.context import RequestContext
from murmur.runtime.subgraph import Subgraph, federated_schema


@dataclass
class Library:
    """`gate` holds `Query.held` until it is set, `entered` tells that somebody waits there."""

    titles: dict[str, str] = field(default_factory=lambda: {"1": "Kim", "2": "Emma"})
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    callers: list[Caller] = field(default_factory=list)
    listeners: set[asyncio.Queue[str | None]] = field(default_factory=set)
    """Of those who follow `Subscription.reviewed`."""

    def review(self, id_: str | None) -> None:
        """Tell everybody who listens of a review of a book; None ends what they listen to."""
        for listener in self.listeners:
            listener.put_nowait(id_)


class LibraryContext(RequestContext):
    def __init__(self, library: Library, caller: Caller) -> None:
        super().__init__(caller)
        self.library = library
        library.callers.append(caller)


LibraryInfo = Info[LibraryContext, None]


@strawberry.federation.type(keys=["id"], description="A book.")
class Book:
    id: strawberry.ID = strawberry.field(description="Its number.")
    title: str | None = strawberry.field(description="Its title.")

    @classmethod
    def resolve_reference(cls, info: LibraryInfo, id: Annotated[strawberry.ID, "a book's"]) -> "Book":
        return cls(id=id, title=info.context.library.titles.get(id))


@strawberry.type(description="What can be asked of books.")
class BooksQuery:
    @strawberry.field(description="All books.")
    def books(self, info: LibraryInfo) -> list[Book]:
        return [Book(id=strawberry.ID(number), title=title) for number, title in info.context.library.titles.items()]

    @strawberry.field(description="One book.")
    def book(self, info: LibraryInfo, id: strawberry.ID) -> Book | None:
        title = info.context.library.titles.get(id)
        return Book(id=id, title=title) if title else None

    @strawberry.field(description="The id of the person who asks, and the address.")
    def whoami(self, info: LibraryInfo) -> str:
        return f"{info.context.viewer_id} from {info.context.caller.address}"

    @strawberry.field(description="Waits until the test lets it go.")
    async def held(self, info: LibraryInfo) -> bool:
        info.context.library.entered.set()
        await info.context.library.gate.wait()
        return True

    @strawberry.field(description="Has a defect.")
    def broken(self) -> str | None:
        raise RuntimeError("the password of the database is hunter2")

    @strawberry.field(description="Is for others.")
    def forbidden(self) -> str | None:
        raise Forbidden("this shelf is for staff")

    @strawberry.field(description="Gives back a number.")
    def number(self, value: int) -> int:
        return value

    @strawberry.field(description="How many numbers are in a nested list.")
    def count(self, values: list[list[int]]) -> int:
        return sum(map(len, values))


@strawberry.type(description="What can be changed.")
class BooksMutation:
    @strawberry.mutation(description="Gives a book another title.")
    async def rename(self, info: LibraryInfo, id: strawberry.ID, title: str) -> Book:
        info.context.library.titles[id] = title
        return Book(id=id, title=title)


@strawberry.federation.type(name="Book", keys=["id"], description="A book, as its readers see it.")
class ReviewedBook:
    id: strawberry.ID = strawberry.field(description="Its number.")
    reviews: list[str] = strawberry.field(description="What readers wrote.")

    @classmethod
    def resolve_reference(cls, id: Annotated[strawberry.ID, "a book's"]) -> "ReviewedBook":
        return cls(id=id, reviews=[f"I liked {id}"])


@strawberry.type(description="What can be asked of reviews.")
class ReviewsQuery:
    @strawberry.field(description="The book of the month.")
    def favourite(self) -> ReviewedBook:
        return ReviewedBook.resolve_reference(strawberry.ID("1"))


@strawberry.type(description="What can be followed.")
class ReviewsSubscription:
    @strawberry.subscription(description="Books that are reviewed from now on.")
    async def reviewed(self, info: LibraryInfo, shelf: int = 1) -> AsyncGenerator[ReviewedBook, None]:
        if shelf == 0:
            raise Forbidden("this shelf is for staff")
        library, waiting = info.context.library, asyncio.Queue[str | None]()
        library.listeners.add(waiting)
        try:
            while (id_ := await waiting.get()) is not None:
                yield ReviewedBook.resolve_reference(strawberry.ID(id_))
        finally:
            library.listeners.discard(waiting)


@cache
def _schemas() -> dict[str, Schema]:
    return {
        "books": federated_schema(BooksQuery, BooksMutation),
        "reviews": federated_schema(ReviewsQuery, subscription=ReviewsSubscription),
    }


@cache
def _supergraph() -> Supergraph:
    subgraphs = library_subgraphs(Library()).values()
    return load_supergraph(compose([SubgraphSdl(each.name, f"http://{each.name}.test/graphql", each.sdl) for each in subgraphs]))


def library_subgraphs(library: Library) -> dict[str, Subgraph]:
    return {name: Subgraph(name, schema, lambda caller: LibraryContext(library, caller)) for name, schema in _schemas().items()}


def library_engine(transports: dict[str, Transport]) -> Engine:
    return Engine(_supergraph(), transports)
