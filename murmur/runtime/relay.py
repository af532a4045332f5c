"""Connections by the Relay cursor specification, each with `nodes` beside its edges."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from murmur.cursors import Page, encode_cursor

T = TypeVar("T")
R = TypeVar("R")

First = Annotated[int | None, strawberry.argument(description="How many entries from the newest on, 1 to 100; 20 without it.")]
After = Annotated[str | None, strawberry.argument(description="Entries older than the one of this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many entries from the oldest end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Entries newer than the one of this cursor.")]


@strawberry.federation.type(shareable=True, description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there are entries beyond this page, towards the oldest.")
    has_previous_page: bool = strawberry.field(description="Whether there are entries before this page, towards the newest.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first entry of this page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last entry of this page.")


@strawberry.federation.type(shareable=True, description="An entry of a connection.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Opaque; pass it as `after` or `before`.")
    node: T = strawberry.field(description="The entry itself.")


@strawberry.federation.type(shareable=True, description="A page of a list, newest first.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The entries with their cursors.")
    nodes: list[T] = strawberry.field(description="The entries alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")


def connection(name: str, page: Page[R], position: Callable[[R], int], node: Callable[[R], T]) -> Connection[T]:
    """A page of rows as a connection. `name` is the one that the field's cursors are made and read with."""
    nodes = [node(row) for row in page.items]
    cursors = [encode_cursor(name, position(row)) for row in page.items]
    return Connection(
        edges=[Edge(cursor=cursor, node=entry) for cursor, entry in zip(cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
    )
