"""Fanout on write, up to a number of followers; above it an author is pulled when a timeline is read.

Every step may be repeated: a post has one position, and what is removed is removed once. Deletions, blocks and mutes need no
step here: reading hides them, and a block ends follows by `Unfollowed` events of their own, which are in order with the
follows of the same person.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Self

from murmur.clock import Clock, wall_clock
from murmur.cursors import Window
from murmur.events import AnyEvent, Followed, Retweeted, RetweetUndone, TweetPublished, Unfollowed
from murmur.ids import id_time
from murmur.post import Post
from murmur.telemetry.metrics import Metrics
from subgraphs.timelines.model import KEPT, Delivery, Pull, Withdrawal
from subgraphs.timelines.ports import TimelineStore
from workers.fanout.ports import Arrives, Followers, PostsOf
from workers.groups import GROUPS
from workers.runtime import Log, run_worker

_PAGE = 1_000
_LOOKUPS = 16


async def run_fanout(
    log: Log,
    timelines: TimelineStore,
    followers: Followers,
    posts: PostsOf,
    metrics: Metrics,
    *,
    threshold: int = 10_000,
    arrivals: Arrives | None = None,
    clock: Clock = wall_clock,
) -> None:
    """Work until cancelled. From `threshold` followers on, an author is pulled. `arrivals` hears of what arrives where."""
    fanout = Fanout(timelines, followers, posts, metrics, threshold=threshold, arrivals=arrivals, clock=clock)
    await run_worker("fanout", log, GROUPS["fanout"], fanout.handle, metrics)


class Fanout:
    def __init__(
        self,
        timelines: TimelineStore,
        followers: Followers,
        posts: PostsOf,
        metrics: Metrics,
        *,
        threshold: int,
        arrivals: Arrives | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        self._timelines = timelines
        self._followers = followers
        self._posts = posts
        self._metrics = metrics
        self._threshold = threshold
        self._arrivals = arrivals
        self._clock = clock

    async def handle(self, events: Sequence[AnyEvent]) -> None:
        """A batch of events, in order."""
        follows: defaultdict[int, dict[int, bool]] = defaultdict(dict)
        posted: dict[int, Post] = {}
        undone: dict[int, int] = {}
        times: list[int] = []
        for event in events:
            match event:
                case Followed():
                    follows[event.follower_id][event.followee_id] = True
                case Unfollowed():
                    follows[event.follower_id][event.followee_id] = False
                case TweetPublished():
                    posted[event.tweet_id] = Post(event.tweet_id, event.tweet_id, event.author_id, event.author_id)
                    # Of the event, not of what it tells: an imported tweet may be years old.
                    times.append(id_time(event.id))
                case Retweeted():
                    posted[event.retweet_id] = Post(event.retweet_id, event.tweet_id, event.author_id, event.user_id)
                    times.append(id_time(event.id))
                case RetweetUndone():
                    posted.pop(event.retweet_id, None)
                    undone[event.retweet_id] = event.user_id
                case _:
                    pass
        if follows:
            await self._change_follows(follows)
        if posted:
            await self._push([posted[position] for position in sorted(posted)])
        if undone:
            await self._withdraw(undone)
        now = self._clock()
        for caused in times:
            self._metrics.observe("murmur_fanout_delay_seconds", max(now - caused, 0) / 1000)

    async def _push(self, posts: Sequence[Post]) -> None:
        by_poster: defaultdict[int, list[Post]] = defaultdict(list)
        for post in posts:
            by_poster[post.user_id].append(post)
        pulls = await self._timelines.pulls(by_poster)
        counts = await self._followers.follower_counts([poster for poster in by_poster if poster not in pulls])
        crossing = {poster for poster, pull in pulls.items() if pull is Pull.STARTED}
        started = {poster for poster, count in counts.items() if count >= self._threshold}
        if started:
            # Known before the first page of followers is read: who follows from here on is marked by that follow's event.
            await self._timelines.set_pull(started, Pull.STARTED)
            crossing |= started
        pushed = [poster for poster in by_poster if pulls.get(poster) is not Pull.DONE]
        pages = await self._first_pages(pushed)
        async with _Calls(self._timelines, self._metrics, self._arrivals) as calls:
            # By position, as what goes on top of a timeline costs least. Nearly everybody's followers fit in one page.
            for post in posts:
                await calls.add(Delivery(post, (post.user_id,)))
                await calls.add(Delivery(post, pages.get(post.user_id, ()), pull=post.user_id in crossing))
            for poster, page in pages.items():
                if len(page) == _PAGE:
                    async for further in self._pages(poster, page[-1]):
                        for post in by_poster[poster]:
                            await calls.add(Delivery(post, further, pull=poster in crossing))
        if self._arrivals is not None and pulls:
            await self._arrivals.left(pulls)
        if crossing:
            await self._timelines.set_pull(crossing, Pull.DONE)

    async def _first_pages(self, user_ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
        pages: dict[int, Sequence[int]] = {}
        for start in range(0, len(user_ids), _LOOKUPS):
            some = user_ids[start : start + _LOOKUPS]
            found = await asyncio.gather(*(self._followers.followers_after(user_id, -1, _PAGE) for user_id in some))
            pages.update(zip(some, found, strict=True))
        return pages

    async def _withdraw(self, undone: Mapping[int, int]) -> None:
        by_poster: defaultdict[int, list[int]] = defaultdict(list)
        for position, poster in undone.items():
            by_poster[poster].append(position)
        for poster, positions in by_poster.items():
            await self._timelines.withdraw([Withdrawal(position, (poster,)) for position in positions])
            # Of somebody who is pulled too: what was pushed before that stands in timelines still.
            async for page in self._pages(poster):
                await self._timelines.withdraw([Withdrawal(position, page) for position in positions])

    async def _change_follows(self, follows: Mapping[int, Mapping[int, bool]]) -> None:
        """What each follow and unfollow of a batch comes to in the end, for the timelines that are held."""
        held = await self._timelines.held(follows)
        changed = {follower: changes for follower, changes in follows.items() if follower in held}
        pulls = await self._timelines.pulls({followee for changes in changed.values() for followee in changes})
        for follower, changes in changed.items():
            if gone := {followee for followee, follows_now in changes.items() if not follows_now}:
                await self._timelines.unfollow(follower, gone)
            if new := changes.keys() - gone:
                await self._backfill(follower, new, new & pulls.keys())

    async def _backfill(self, follower: int, followees: AbstractSet[int], pulled: AbstractSet[int]) -> None:
        posts = await self._newest_of(followees - pulled)
        await self._timelines.follow(follower, posts, pulled)
        if retweets := {post.id for post in posts if post.id != post.tweet_id}:
            # Another member of the group may have withdrawn one between loading and inserting it; then it is gone by now.
            gone = retweets.difference(post.id for post in await self._newest_of(followees - pulled))
            if gone:
                await self._timelines.withdraw([Withdrawal(position, (follower,)) for position in gone])

    async def _newest_of(self, user_ids: Collection[int]) -> Sequence[Post]:
        return await self._posts.posts_of(user_ids, Window(KEPT)) if user_ids else ()

    async def _pages(self, user_id: int, after: int = -1) -> AsyncGenerator[Sequence[int], None]:
        while page := await self._followers.followers_after(user_id, after, _PAGE):
            yield page
            if len(page) < _PAGE:
                return
            after = page[-1]


class _Calls:
    """Collects deliveries and sends them to the timelines in calls of a bounded size, one while the next is collected.

    On leaving all of them are done, or the error of one is raised.
    """

    def __init__(self, timelines: TimelineStore, metrics: Metrics, arrivals: Arrives | None) -> None:
        self._timelines = timelines
        self._metrics = metrics
        self._arrivals = arrivals
        self._deliveries: list[Delivery] = []
        self._entries = 0
        self._under_way: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            await self._send()
            await self._finish()
        elif self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    async def add(self, delivery: Delivery) -> None:
        self._deliveries.append(delivery)
        self._entries += len(delivery.readers)
        if self._entries >= self._timelines.push_size:
            await self._send()

    async def _send(self) -> None:
        await self._finish()
        deliveries, self._deliveries, self._entries = self._deliveries, [], 0
        if deliveries:
            self._under_way = asyncio.create_task(self._push(deliveries))
            # Collecting does not wait for anything: without this the call would leave only after it.
            await asyncio.sleep(0)

    async def _finish(self) -> None:
        if self._under_way is not None:
            await self._under_way
            self._under_way = None

    async def _push(self, deliveries: Sequence[Delivery]) -> None:
        self._metrics.count("murmur_deliveries_total", by=await self._timelines.push(deliveries))
        if self._arrivals is not None:
            await self._arrivals.pushed({reader for delivery in deliveries for reader in delivery.readers})
