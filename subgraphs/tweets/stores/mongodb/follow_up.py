"""What follows from a write to a tweet's document in documents of other shards: it was decided there, so this is repeated until
it is done, by who wrote, or by the relay when that one died.

    verb     decided when                 follows
    post     a tweet was published        counted for its author, and where it answers and quotes
    unpost   it was deleted               counted there no longer
    bury     a tombstone was imported    shown where it answers while it is answered itself
    add      a like, retweet, bookmark    listed for the person
    end      it was taken back            listed no longer
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from murmur.mongodb import Document, Write
from subgraphs.tweets.stores.mongodb.collections import Collections
from subgraphs.tweets.stores.mongodb.ledger import Ledger, Line, add_row, end_row, write_rows

Verb = Literal["post", "unpost", "bury", "add", "end"]


@dataclass(frozen=True, slots=True)
class Decided:
    """An entry of a tweet's outbox, by whose tweet it is. Of a post it holds `r` and `q`, what it answers and quotes; of an edge
    its kind `k`, id `i` and person `u`.
    """

    tweet_id: int
    author_id: int
    entry: Document


class FollowUp:
    def __init__(self, collections: Collections, authors: Ledger, tweets: Ledger) -> None:
        self._collections = collections
        self._authors = authors
        self._tweets = tweets

    async def __call__(self, decided: Sequence[Decided], *, fresh: bool) -> None:
        """Do what follows; `fresh` when most likely nobody else has. Harmless when it is done."""
        if not decided:
            return
        edges = [one for one in decided if one.entry["v"] in ("add", "end")]
        posts = [one for one in decided if one.entry["v"] == "post"]
        ends = [one for one in decided if one.entry["v"] in ("unpost", "bury")]
        await asyncio.gather(
            self._list(edges),
            self._authors.add([_of_author(one) for one in posts], fresh=fresh),
            self._tweets.add([line for one in posts for line in _of_targets(one)], fresh=fresh),
        )
        if not ends:
            return
        await asyncio.gather(
            self._authors.end([_of_author(one) for one in ends if one.entry["v"] == "unpost"]),
            self._tweets.end([line for one in ends for line in _of_targets(one)]),
        )

    async def _list(self, edges: Sequence[Decided]) -> None:
        posts: list[Write] = []
        marks: list[Write] = []
        for one in edges:
            kind, person = one.entry["k"], one.entry["u"]
            row = {"k": kind, "i": one.entry["i"], "t": one.tweet_id, "a": one.author_id}
            write = (add_row if one.entry["v"] == "add" else end_row)("u", person, row)
            (posts if kind == "retweets" else marks).append(write)
        await asyncio.gather(write_rows(self._collections.posts, posts), write_rows(self._collections.marks, marks))


def _of_author(one: Decided) -> Line:
    return Line(one.author_id, "originals" if one.entry.get("r") is None else "replies", one.tweet_id)


def _of_targets(one: Decided) -> list[Line]:
    targets = (("replies", one.entry.get("r")), ("quotes", one.entry.get("q")))
    return [Line(target, kind, one.tweet_id, one.author_id) for kind, target in targets if target is not None]
