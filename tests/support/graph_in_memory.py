"""The follow graph as timelines and fanout see it."""

from collections.abc import Collection, Mapping, Sequence

from murmur.relation import Relation


class GraphInMemory:
    def __init__(self) -> None:
        self.follows: dict[int, list[int]] = {}
        self.blocks: set[tuple[int, int]] = set()
        self.mutes: set[tuple[int, int]] = set()

    def follow(self, follower_id: int, *followee_ids: int) -> None:
        followees = self.follows.setdefault(follower_id, [])
        followees.extend(followee_id for followee_id in followee_ids if followee_id not in followees)

    def unfollow(self, follower_id: int, followee_id: int) -> None:
        if followee_id in self.follows.get(follower_id, ()):
            self.follows[follower_id].remove(followee_id)

    def followers(self, user_id: int) -> list[int]:
        return sorted(follower for follower, followees in self.follows.items() if user_id in followees)

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        found: dict[int, Relation] = {}
        for user_id in user_ids:
            relation = Relation(
                follows=user_id in self.follows.get(viewer_id, ()),
                followed_by=viewer_id in self.follows.get(user_id, ()),
                blocks=(viewer_id, user_id) in self.blocks,
                blocked_by=(user_id, viewer_id) in self.blocks,
                mutes=(viewer_id, user_id) in self.mutes,
            )
            if relation != Relation():
                found[user_id] = relation
        return found

    async def followees(self, user_id: int, limit: int) -> Sequence[int]:
        return self.follows.get(user_id, [])[::-1][:limit]

    async def follower_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        return {user_id: len(self.followers(user_id)) for user_id in user_ids}

    async def followers_after(self, user_id: int, after: int, limit: int) -> Sequence[int]:
        return [follower for follower in self.followers(user_id) if follower > after][:limit]
