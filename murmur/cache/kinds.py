"""What is kept in caches, and under which keys."""

from collections.abc import Iterable, Sequence
from typing import Literal

Kind = Literal["tweet.1", "user.1", "handle.1"]
"""A tweet with its counts, a profile with its counts, the id of who has a handle. Another form of the values is another kind."""


def key_of(kind: Kind, id_: int | str) -> bytes:
    return f"{kind}:{id_}".encode()


def keys_of(kind: Kind, ids: Iterable[int | str]) -> Sequence[bytes]:
    return [key_of(kind, id_) for id_ in ids]
