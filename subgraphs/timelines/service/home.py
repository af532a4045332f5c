"""Reading timelines: skeleton, merge, rules, page."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import TypeVar

from murmur.cursors import Page, Window, page
from murmur.errors import Unavailable
from murmur.post import Post
from murmur.relation import STRANGERS, Relation
from murmur.telemetry.metrics import Metrics
from subgraphs.timelines.model import KEPT, Entries, Timeline
from subgraphs.timelines.ports import Graph, Posts, TimelineStore

MAX_FOLLOWEES = 5_000
"""Of how many people's posts a timeline is rebuilt; who follows more gets the others' when they post."""

_REBUILDS_AT_ONCE = 16
# A page asks about a few entries more than it shows, so that one hidden now and then costs no second round.
_SPARE = 8

T = TypeVar("T")


class TimelineService:
    def __init__(self, store: TimelineStore, graph: Graph, posts: Posts, metrics: Metrics) -> None:
        self._store = store
        self._graph = graph
        self._posts = posts
        self._metrics = metrics
        self._rebuilding: dict[int, asyncio.Task[Timeline]] = {}
        self._rebuilds = asyncio.Semaphore(_REBUILDS_AT_ONCE)

    async def home(self, viewer_id: int, wanted: Window) -> Page[Post]:
        """What the viewer and those they follow posted. Each tweet stands once, at the oldest post of it that may be seen.

        Hidden are deleted tweets, and whatever a blocked (either way) or muted person wrote or retweeted.
        """
        timeline = await self._cached(self._store.read(viewer_id)) or await self._rebuilt(viewer_id)
        entries = timeline.entries
        if timeline.pulled:
            # All 800, not a page of them: whether a tweet stands further down decides whether it stands here.
            entries.merge(await self._posts.posts_of(timeline.pulled, Window(KEPT)))
            entries.trim(KEPT)
        return page(await self._fill(viewer_id, entries, wanted), wanted)

    async def pulled(self, viewer_id: int) -> AbstractSet[int]:
        """Whose posts are merged into the viewer's home timeline when it is read."""
        timeline = await self._cached(self._store.read(viewer_id))
        return frozenset() if timeline is None else timeline.pulled

    async def user_timelines(self, viewer_id: int | None, user_ids: Collection[int], wanted: Window) -> Mapping[int, Page[Post]]:
        """The tweets and retweets of each of these people. Where a block stands between two people, neither sees the other's.

        Two calls, whatever the number of people, and two more for each time that pages must be filled up for what was hidden.
        """
        visible: dict[int, Sequence[Post]] = dict.fromkeys(user_ids, ())
        asked = dict.fromkeys(visible, wanted)
        while asked:
            found = await self._posts.posts_by(asked)
            relations = await self._relations(viewer_id, asked.keys() | {p.author_id for posts in found.values() for p in posts})
            unfilled: dict[int, Window] = {}
            for user_id, part in asked.items():
                if relations.get(user_id, STRANGERS).blocked:
                    continue
                posts = found.get(user_id, ())
                seen = [post for post in posts if not relations.get(post.author_id, STRANGERS).blocked]
                rows = visible[user_id] = [*seen, *visible[user_id]] if wanted.from_oldest else [*visible[user_id], *seen]
                if len(posts) == part.fetch and len(rows) < wanted.fetch:
                    unfilled[user_id] = part.beyond(posts[0].id, posts[-1].id)
            asked = unfilled
        return {user_id: page(wanted.cut(rows), wanted) for user_id, rows in visible.items()}

    async def _relations(self, viewer_id: int | None, people: AbstractSet[int]) -> Mapping[int, Relation]:
        return {} if viewer_id is None else await self._graph.relations(viewer_id, people - {viewer_id})

    async def _rebuilt(self, user_id: int) -> Timeline:
        """The timeline of somebody that is not held; who asks while it is being rebuilt waits for the same one."""
        task = self._rebuilding.get(user_id)
        if task is None:
            task = self._rebuilding[user_id] = asyncio.create_task(self._rebuild(user_id))
            task.add_done_callback(lambda _: self._rebuilding.pop(user_id))
        timeline = await asyncio.shield(task)
        return Timeline(timeline.entries.newest(KEPT), timeline.pulled)

    async def _rebuild(self, user_id: int) -> Timeline:
        """While the store of timelines does not answer they are made anew for every read, a bounded number at once."""
        async with self._rebuilds:
            # In this order: whatever changes after `begin` reaches what is put, whatever changed before it is loaded.
            build = await self._cached(self._store.begin(user_id))
            followees = await self._graph.followees(user_id, MAX_FOLLOWEES)
            pulls = None if build is None else await self._cached(self._store.pulls(followees))
            pulled = frozenset(pulls or ())
            posts = await self._posts.posts_of({user_id, *followees} - pulled, Window(KEPT))
            self._metrics.count("murmur_timeline_rebuilds_total")
            # Without knowing who is pulled nothing can be held: the posts of who is would never come.
            built = None
            if build is not None and pulls is not None:
                built = await self._cached(self._store.put(user_id, build, posts, pulled))
            if built is None:
                entries = Entries()
                entries.merge(posts)
                built = Timeline(entries.newest(KEPT), pulled)
            return built

    async def _cached(self, answer: Awaitable[T | None]) -> T | None:
        """What the store of timelines answers, or None when it does not: whatever it knows can be found elsewhere."""
        try:
            return await answer
        except Unavailable:
            self._metrics.count("murmur_timeline_outages_total")
            return None

    async def _fill(self, viewer_id: int, entries: Entries, wanted: Window) -> Sequence[Post]:
        """The first `wanted.fetch` entries of the window that may be seen, newest first; nearly always in one round."""
        candidates = entries.between(wanted.above, wanted.below)
        if not wanted.from_oldest:
            candidates = candidates[::-1]
        repeated = entries.repeated()
        rows: list[Post] = []
        asked = wanted.fetch + _SPARE
        while candidates and len(rows) < wanted.fetch:
            end = _reach(candidates, repeated, asked)
            rows += await self._seen(viewer_id, entries, candidates[:end], repeated)
            candidates = candidates[end:]
            asked *= 2
        del rows[wanted.fetch :]
        return rows[::-1] if wanted.from_oldest else rows

    async def _seen(
        self, viewer_id: int, entries: Entries, indexes: range, repeated: Mapping[int, Sequence[int]]
    ) -> Sequence[Post]:
        posts = [entries[index] for index in indexes]
        # Where a tweet stands again further down, that place counts, if it may be seen itself.
        older = [
            rival for post in posts for rival in map(entries.__getitem__, repeated.get(post.tweet_id, ())) if rival.id < post.id
        ]
        people = {user_id for post in (*posts, *older) for user_id in (post.author_id, post.user_id)}
        relations, standing = await asyncio.gather(
            self._graph.relations(viewer_id, people - {viewer_id}),
            self._posts.standing({post.tweet_id for post in posts}),
        )
        oldest = {
            post.tweet_id: post.id for post in sorted(older, key=lambda post: -post.id) if _may_see(viewer_id, post, relations)
        }
        return [
            post
            for post in posts
            if post.tweet_id in standing
            and oldest.get(post.tweet_id, post.id) >= post.id
            and _may_see(viewer_id, post, relations)
        ]


def _reach(candidates: range, repeated: Mapping[int, Sequence[int]], wanted: int) -> int:
    """How many candidates hold `wanted` that are the oldest of their tweet; the others are nearly always hidden."""
    if not repeated:
        return wanted
    hidden = {index for indexes in repeated.values() for index in indexes[1:]}
    oldest = (reach for reach, index in enumerate(candidates, 1) if index not in hidden)
    return next(islice(oldest, wanted - 1, None), len(candidates))


def _may_see(viewer_id: int, post: Post, relations: Mapping[int, Relation]) -> bool:
    author, poster = relations.get(post.author_id, STRANGERS), relations.get(post.user_id, STRANGERS)
    # Who is not followed any more may stand here still, for the moment until fanout has heard of it.
    if post.user_id != viewer_id and not poster.follows:
        return False
    return not (author.blocked or author.mutes or poster.blocked or poster.mutes)
