"""Keyset cursors and pages, as the Relay cursor specification names them.

Every connection runs from the newest to the oldest by one 64-bit position (an id), so new entries above never shift a page.
"""

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Generic, TypeVar

from murmur.errors import BadUserInput

DEFAULT_PAGE = 20
MAX_PAGE = 100
_LARGEST_WINDOW = 1_000
_POSITION = struct.Struct(">Q")
_TAG_BYTES = 4
_MAX_POSITION = 2**63 - 1

T = TypeVar("T")


def encode_cursor(connection: str, position: int) -> str:
    """A position as an opaque string. `connection` (a short name, at most 64 bytes) keeps one list's cursor out of another."""
    raw = _POSITION.pack(position)
    return base64.urlsafe_b64encode(raw + _tag(connection, raw)).decode()


def decode_cursor(connection: str, cursor: str, argument: str) -> int:
    """The position of a cursor of this connection. Raises BadUserInput, naming `argument`, for anything else."""
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raw = b""
    position = int(_POSITION.unpack(raw[:8])[0]) if len(raw) == _POSITION.size + _TAG_BYTES else None
    # The tag keeps lists apart, it is no secret: a forged position must still be one that every store can hold.
    if position is None or position > _MAX_POSITION or raw[8:] != _tag(connection, raw[:8]):
        raise BadUserInput(f"{argument}: not a cursor of this list; pass an `endCursor` or `startCursor` that it returned")
    return position


def _tag(connection: str, raw: bytes) -> bytes:
    return blake2b(raw, digest_size=_TAG_BYTES, key=connection.encode()).digest()


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list, newest first, is wanted.

    `below` and `above` are exclusive bounds on positions. The `limit` rows are those next to the newest end,
    or to the oldest when `from_oldest` (Relay's `last`).
    """

    limit: int
    below: int | None = None
    above: int | None = None
    from_oldest: bool = False

    @property
    def fetch(self) -> int:
        """How many rows a store is asked for: one more than wanted tells whether there are more."""
        return self.limit + 1

    def beyond(self, newest: int, oldest: int) -> "Window":
        """The next part of the list, a larger one, after the rows from position `newest` down to `oldest` were read."""
        limit = min(4 * self.limit, _LARGEST_WINDOW)
        return replace(self, limit=limit, above=newest) if self.from_oldest else replace(self, limit=limit, below=oldest)

    def cut(self, rows: Sequence[T]) -> Sequence[T]:
        """Of rows that were gathered part by part, newest first, the `fetch` that a store would have returned."""
        return rows[-self.fetch :] if self.from_oldest else rows[: self.fetch]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, newest first. `has_next` is towards the oldest, `has_previous` towards the newest."""

    items: Sequence[T]
    has_next: bool
    has_previous: bool


def window(
    connection: str,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Window:
    """The window that a field's arguments ask for.

    Raises BadUserInput when a size is outside 1 to 100, when both `first` and `last` are given, or when a cursor is not of
    this connection.
    """
    if first is not None and last is not None:
        raise BadUserInput("first and last: give one of the two")
    for argument, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_PAGE:
            raise BadUserInput(f"{argument}: {size} is outside the bounds of a page, 1 to {MAX_PAGE}")
    return Window(
        limit=first or last or DEFAULT_PAGE,
        below=None if after is None else decode_cursor(connection, after, "after"),
        above=None if before is None else decode_cursor(connection, before, "before"),
        from_oldest=last is not None,
    )


def page(rows: Sequence[T], wanted: Window) -> Page[T]:
    """Cut what a store returned for `wanted.fetch` rows, newest first, to the page.

    Which rows lie beyond the other bound is not looked up: as Relay allows, it is taken from whether there is a bound.
    """
    more = len(rows) > wanted.limit
    after_bound, before_bound = wanted.below is not None, wanted.above is not None
    if wanted.from_oldest:
        return Page(rows[-wanted.limit :], has_next=before_bound, has_previous=more or after_bound)
    return Page(rows[: wanted.limit], has_next=more or before_bound, has_previous=after_bound)
