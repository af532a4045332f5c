"""People who tweet and engage as fast as they can, and who remember what was acknowledged to them.

`python -m tests.support.tweet_crowd URL NODE TWEET…` is a crowd in a process of its own: it says each attempt and each
acknowledgement as a line of JSON before it goes on, until it is killed. The tweets are those that everybody likes.
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from murmur.clock import wall_clock
from murmur.errors import Refused, Unavailable
from murmur.ids import Snowflakes
from murmur.relation import Relation
from subgraphs.tweets.ports import TweetStore
from subgraphs.tweets.service import TweetService
from subgraphs.tweets.wiring import open_store
from tests.support.waiting import until

PEOPLE = range(1, 13)
EDGES = {"like": "unlike", "retweet": "undo_retweet", "bookmark": "unbookmark"}
Say = Callable[[Sequence[Any]], None]


class Strangers:
    """Nobody blocks anybody."""

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        return {}

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        return {}


@dataclass
class Memory:
    """What a crowd has tried and was told."""

    tweets: dict[str, int] = field(default_factory=dict)
    """The ids of tweets by their texts, which are unlike."""
    edges: dict[tuple[str, int, int], bool | None] = field(default_factory=dict)
    """By verb, person and tweet whether it stands; None when an attempt was not answered."""
    deleted: set[int] = field(default_factory=set)
    """Or perhaps."""
    said: int = 0

    def hear(self, line: Sequence[Any]) -> None:
        self.said += 1
        match line:
            case ["posted", text, tweet_id]:
                self.tweets[text] = tweet_id
            case ["delete", tweet_id]:
                self.deleted.add(tweet_id)
            case ["edge", verb, person, tweet_id, stands]:
                self.edges[verb, person, tweet_id] = stands
            case _:
                raise AssertionError(line)

    async def heard(self, more: int, seconds: float = 120) -> None:
        """Wait for as many more lines."""
        enough = self.said + more

        async def is_enough() -> bool:
            return self.said >= enough

        await until(is_enough, seconds)

    async def check(self, store: TweetStore) -> None:
        """Nothing that was acknowledged is gone, nothing is doubled."""
        tweets = await store.all_tweets(0, 100_000)
        texts = [tweet.text for tweet in tweets if not tweet.deleted]
        assert len(texts) == len(set(texts))
        standing = {tweet.id: tweet.text for tweet in tweets if not tweet.deleted}
        for text, tweet_id in self.tweets.items():
            assert tweet_id in self.deleted or standing.get(tweet_id) == text, text
        for person in PEOPLE:
            views = await store.views(list(standing), person)
            for (verb, who, tweet_id), stands in self.edges.items():
                if who == person and stands is not None and tweet_id in standing:
                    view = views[tweet_id]
                    done = {"like": view.liked, "retweet": view.retweeted, "bookmark": view.bookmarked}
                    assert done[verb] == stands, (verb, who, tweet_id)


async def live(store: TweetStore, node: int, shared: Sequence[int], say: Say, stop: asyncio.Event) -> None:
    """Everybody does one thing after another until `stop`."""
    ids = Snowflakes(node)
    service = TweetService(store, Strangers(), ids, wall_clock, lambda _text: None)
    await asyncio.gather(*(_person(service, person, random.Random(node * 100 + person), shared, say, stop) for person in PEOPLE))


async def _person(
    service: TweetService, person: int, dice: random.Random, shared: Sequence[int], say: Say, stop: asyncio.Event
) -> None:
    mine: list[int] = []
    number = 0
    while not stop.is_set():
        number += 1
        action, tweet = dice.random(), dice.choice(shared)
        if action < 0.35:
            text = f"number {number} of {person}, {dice.random()}"
            more = dice.choice(
                ({}, {"in_reply_to_id": tweet}, {"quoted_id": tweet}, {"in_reply_to_id": tweet, "quoted_id": tweet})
            )
            key = text if dice.random() < 0.5 else None
            tweet_id = await _post(service, person, text, key, more, stop)
            if tweet_id is not None:
                mine.append(tweet_id)
                say(["posted", text, tweet_id])
        elif action < 0.40 and mine:
            doomed = mine.pop(dice.randrange(len(mine)))
            say(["delete", doomed])
            with suppress(Unavailable):
                await service.delete(person, doomed)
        else:
            verb = dice.choice(list(EDGES))
            does = dice.random() < 0.6
            say(["edge", verb, person, tweet, None])
            with suppress(Unavailable):
                await getattr(service, verb if does else EDGES[verb])(person, tweet)
                say(["edge", verb, person, tweet, does])


async def _post(
    service: TweetService, person: int, text: str, key: str | None, more: dict[str, int], stop: asyncio.Event
) -> int | None:
    """With a key it is tried until it is answered, as a client would."""
    while True:
        try:
            return (await service.create(person, text, idempotency_key=key, **more)).tweet.id
        except Unavailable:
            if key is None or stop.is_set():
                return None
        except Refused:
            return None


async def _main(url: str, node: int, shared: Sequence[int]) -> None:
    await live(open_store(url, Path()), node, shared, lambda line: print(json.dumps(line), flush=True), asyncio.Event())  # noqa: T201 (its parent reads it)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), [int(tweet) for tweet in sys.argv[3:]]))
