"""Home timelines that are held, against what they would be built from."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from murmur.audit.finding import Finding
from murmur.cursors import Window
from murmur.post import Post
from subgraphs.timelines.model import KEPT, Timeline
from subgraphs.timelines.service import MAX_FOLLOWEES
from subgraphs.users.model import User

PAGE = 1_000


class People(Protocol):
    async def all_users(self, after_id: int, limit: int) -> Sequence[User]: ...
    async def followees(self, user_id: int, limit: int) -> Sequence[int]: ...


class Posts(Protocol):
    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]: ...
    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]: ...
    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]: ...


class Timelines(Protocol):
    async def held(self, user_ids: Collection[int]) -> AbstractSet[int]: ...
    async def read(self, user_id: int) -> Timeline | None: ...


async def audit_timelines(timelines: Timelines, people: People, posts: Posts) -> AsyncIterator[Finding]:
    """Each held timeline has every post that it would be built with, once, and none of people who are not followed.

    Reading a timeline keeps it for longer, as a reader's visit would. What fanout has not delivered yet is a finding too:
    let it come to rest first.
    """
    after = 0
    while page := await people.all_users(after, PAGE):
        for user_id in sorted(await timelines.held([user.id for user in page])):
            timeline = await timelines.read(user_id)
            if timeline is not None:
                for finding in await _findings(user_id, timeline, people, posts):
                    yield finding
        after = page[-1].id


async def _findings(user_id: int, timeline: Timeline, people: People, posts: Posts) -> list[Finding]:
    subject = f"the timeline of user {user_id}"
    entries = [timeline.entries[index] for index in range(len(timeline.entries))]
    positions = Counter(post.id for post in entries)
    followees = {user_id, *await people.followees(user_id, MAX_FOLLOWEES)}
    # Who follows more has posts of people beyond these, rightly.
    followed = followees if len(followees) <= MAX_FOLLOWEES else {*followees, *(post.user_id for post in entries)}
    due = await posts.posts_of(followees - timeline.pulled, Window(KEPT))
    # A timeline ends after its oldest entry once it is full; what is older than that is not missing.
    end = min(positions, default=0) if len(entries) >= KEPT else 0
    findings = [
        Finding("missing in a timeline", f"{subject}: post {post.id}", told=f"posted by {post.user_id}")
        for post in due
        if post.id > end and post.id not in positions
    ]
    findings += [
        Finding("doubled in a timeline", f"{subject}: post {position}", told=f"it stands there {count} times")
        for position, count in positions.items()
        if count > 1
    ]
    findings += [
        Finding("strange in a timeline", f"{subject}: post {post.id}", told=f"{post.user_id} is not followed")
        for post in entries
        if post.user_id not in followed
    ]
    return findings
