"""Following, blocking and muting: every verb may be repeated, and returns the person it was done to."""

from murmur.errors import Refused, UserErrorCode
from murmur.events import Blocked, Followed, Muted, Unblocked, Unfollowed, Unmuted
from subgraphs.users.model import Edge, Outcome, User
from subgraphs.users.service.base import Base


class FollowGraph(Base):
    """Each verb raises Refused: SELF, NOT_FOUND, and BLOCKED where one of the two has blocked the other."""

    async def follow(self, viewer_id: int, user_id: int) -> User:
        edge = self._edge(viewer_id, user_id)
        event = Followed(id=self._ids(), at=self._clock(), follower_id=viewer_id, followee_id=user_id)
        [outcome] = await self._store.follow([(edge, event)], movable={0})
        if outcome is Outcome.BLOCKED:
            raise Refused(UserErrorCode.BLOCKED, "one of the two of you has blocked the other", "userId")
        return await self._user(user_id)

    async def unfollow(self, viewer_id: int, user_id: int) -> User:
        _not_self(viewer_id, user_id)
        event = Unfollowed(id=self._ids(), at=self._clock(), follower_id=viewer_id, followee_id=user_id)
        await self._store.remove("follow", viewer_id, user_id, event)
        return await self._user(user_id)

    async def block(self, viewer_id: int, user_id: int) -> User:
        """Ends the follows in both directions."""
        edge = self._edge(viewer_id, user_id)
        now = self._clock()
        event = Blocked(id=self._ids(), at=now, blocker_id=viewer_id, blocked_id=user_id)
        endings = (
            Unfollowed(id=self._ids(), at=now, follower_id=viewer_id, followee_id=user_id),
            Unfollowed(id=self._ids(), at=now, follower_id=user_id, followee_id=viewer_id),
        )
        await self._store.block([(edge, event, endings)])
        return await self._user(user_id)

    async def unblock(self, viewer_id: int, user_id: int) -> User:
        _not_self(viewer_id, user_id)
        event = Unblocked(id=self._ids(), at=self._clock(), blocker_id=viewer_id, blocked_id=user_id)
        await self._store.remove("block", viewer_id, user_id, event)
        return await self._user(user_id)

    async def mute(self, viewer_id: int, user_id: int) -> User:
        edge = self._edge(viewer_id, user_id)
        event = Muted(id=self._ids(), at=self._clock(), muter_id=viewer_id, muted_id=user_id)
        await self._store.mute([(edge, event)])
        return await self._user(user_id)

    async def unmute(self, viewer_id: int, user_id: int) -> User:
        _not_self(viewer_id, user_id)
        event = Unmuted(id=self._ids(), at=self._clock(), muter_id=viewer_id, muted_id=user_id)
        await self._store.remove("mute", viewer_id, user_id, event)
        return await self._user(user_id)

    def _edge(self, viewer_id: int, user_id: int) -> Edge:
        _not_self(viewer_id, user_id)
        return Edge(self._ids(), viewer_id, user_id)

    async def _user(self, user_id: int) -> User:
        user = (await self._store.users((user_id,))).get(user_id)
        if user is None:
            raise Refused(UserErrorCode.NOT_FOUND, f"there is nobody with the id {user_id}", "userId")
        return user


def _not_self(viewer_id: int, user_id: int) -> None:
    if viewer_id == user_id:
        raise Refused(UserErrorCode.SELF, "this can't be done to yourself", "userId")
