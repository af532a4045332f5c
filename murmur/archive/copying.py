"""Exact copies between the stores of one port, whatever their engines: page by page, resumable, and compared in the end."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import msgspec

PAGE = 1_000
TOLD_DIFFERENCES = 20
Row = TypeVar("Row")
Key = tuple[Any, ...]
"""Rises over the rows of a table: numbers and texts, as the table's port has them."""


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """One kind of row of a store: read by rising keys, written as it is."""

    name: str
    first: Key
    """Below every key."""
    key: Callable[[Row], Key]
    read: Callable[[Key, int], Awaitable[Sequence[Row]]]
    write: Callable[[Sequence[Row]], Awaitable[None]]

    async def pages(self, after: Key | None = None) -> AsyncIterator[Sequence[Row]]:
        key = after or self.first
        while page := await self.read(key, PAGE):
            yield page
            key = self.key(page[-1])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two tables side by side; `differences` are keys of rows that one side lacks or has otherwise, at most
    `TOLD_DIFFERENCES` of them. A checksum is the sum of the rows' digests, so it does not depend on their order."""

    table: str
    rows: tuple[int, int]
    checksums: tuple[str, str]
    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return self.rows[0] == self.rows[1] and self.checksums[0] == self.checksums[1]


async def copy_table(source: Table[Row], target: Table[Row], after: Key | None, copied: Callable[[Key, int], None]) -> None:
    """Copy all rows above `after`. `copied` is told the last key and the number of rows of each page that is safely there."""
    async for page in source.pages(after):
        await target.write(page)
        copied(source.key(page[-1]), len(page))


async def compare(source: Table[Row], target: Table[Row]) -> Comparison:
    """Read both sides to their ends."""
    sides = [_Side(table) for table in (source, target)]
    differences: list[str] = []
    found = [await side.next() for side in sides]
    while found[0] is not None or found[1] is not None:
        keys = [None if row is None else source.key(row) for row in found]
        lowest = min(key for key in keys if key is not None)
        taken = [key == lowest for key in keys]
        digests = {side.add(row) for side, row, take in zip(sides, found, taken, strict=True) if take and row is not None}
        if (not all(taken) or len(digests) > 1) and len(differences) < TOLD_DIFFERENCES:
            differences.append(":".join(map(str, lowest)))
        found = [await side.next() if take else row for side, row, take in zip(sides, found, taken, strict=True)]
    rows, checksums = (sides[0].rows, sides[1].rows), (sides[0].checksum, sides[1].checksum)
    return Comparison(source.name, rows, checksums, tuple(differences))


class _Side(Generic[Row]):
    """One table on its way through a comparison."""

    def __init__(self, table: Table[Row]) -> None:
        self.rows = 0
        self._sum = 0
        # The members of a set come in any order otherwise.
        self._encoder = msgspec.msgpack.Encoder(order="deterministic")
        self._rows = (row async for page in table.pages() for row in page)

    async def next(self) -> Row | None:
        return await anext(self._rows, None)

    def add(self, row: Row) -> bytes:
        digest = blake2b(self._encoder.encode(row), digest_size=16).digest()
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(digest)) % (1 << 128)
        return digest

    @property
    def checksum(self) -> str:
        return f"{self._sum:032x}"
