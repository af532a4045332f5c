"""User, and what is read of one."""

from collections.abc import Awaitable, Callable
from typing import Self, cast

import strawberry
from strawberry import ID, Info

from murmur import cursors
from murmur.errors import BadUserInput
from murmur.ids import parse_id
from murmur.relation import Relation
from murmur.runtime.relay import After, Before, Connection, First, Last, connection
from murmur.runtime.scalars import URL, DateTime
from murmur.text import is_handle
from subgraphs.users import model
from subgraphs.users.ports import Side
from subgraphs.users.schema.context import UsersContext

UsersInfo = Info[UsersContext, None]


@strawberry.federation.type(keys=["id", "handle"], description="A person.")
class User:
    id: ID = strawberry.field(description="Unique and unchanging.")
    handle: str = strawberry.field(description="1 to 15 of A-Z a-z 0-9 _, unique without regard to case.")
    name: str = strawberry.field(description="The name shown, 1 to 50 characters.")
    bio: str | None = strawberry.field(description="What the person says of themselves, at most 160 characters.")
    location: str | None = strawberry.field(description="Where they say they are, at most 30 characters.")
    website: URL | None = strawberry.field(description="Their own page.")
    avatar_url: URL | None = strawberry.field(description="Their picture.")
    created_at: DateTime = strawberry.field(description="When the account was opened.")
    verified: bool = strawberry.field(description="Whether the platform has checked who they are.")
    protected: bool = strawberry.field(description="Whether they ask not to be public.")
    follower_count: int = strawberry.field(description="How many people follow them.")
    following_count: int = strawberry.field(description="How many people they follow.")
    key: strawberry.Private[int]

    @classmethod
    async def resolve_reference(cls, info: UsersInfo, id: str | None = None, handle: str | None = None) -> Self | None:
        return cast("Self | None", await find_user(info.context, id, handle))

    @strawberry.field(description="Who follows them, the newest follow first, without those blocked in either direction.")
    async def followers(
        self, info: UsersInfo, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["User"]:
        return await self._neighbours(info.context, "followers", first, after, last, before)

    @strawberry.field(description="Whom they follow, the newest follow first, without those blocked in either direction.")
    async def following(
        self, info: UsersInfo, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["User"]:
        return await self._neighbours(info.context, "following", first, after, last, before)

    @strawberry.field(graphql_type=bool, description="Whether the viewer follows them; false for an anonymous viewer.")
    def viewer_follows(self, info: UsersInfo) -> bool | Awaitable[bool]:
        return self._flag(info.context, lambda relation: relation.follows)

    @strawberry.field(graphql_type=bool, description="Whether they follow the viewer; false for an anonymous viewer.")
    def follows_viewer(self, info: UsersInfo) -> bool | Awaitable[bool]:
        return self._flag(info.context, lambda relation: relation.followed_by)

    @strawberry.field(graphql_type=bool, description="Whether the viewer has blocked them; false for an anonymous viewer.")
    def viewer_blocks(self, info: UsersInfo) -> bool | Awaitable[bool]:
        return self._flag(info.context, lambda relation: relation.blocks)

    @strawberry.field(graphql_type=bool, description="Whether the viewer has muted them; false for an anonymous viewer.")
    def viewer_mutes(self, info: UsersInfo) -> bool | Awaitable[bool]:
        return self._flag(info.context, lambda relation: relation.mutes)

    def _flag(self, context: UsersContext, of: Callable[[Relation], bool]) -> bool | Awaitable[bool]:
        # Nothing to wait for is the cheap case, and the common one: an awaitable costs the executor several times more.
        if context.viewer_id is None or context.viewer_id == self.key:
            return False
        return _flag(context, self.key, of)

    async def _neighbours(
        self, context: UsersContext, side: Side, first: int | None, after: str | None, last: int | None, before: str | None
    ) -> Connection["User"]:
        wanted = cursors.window(side, first=first, after=after, last=last, before=before)
        rows = await context.neighbours.load((side, self.key, wanted))
        return connection(side, cursors.page(rows, wanted), lambda row: row.position, lambda row: present(row.user))


async def _flag(context: UsersContext, user_id: int, of: Callable[[Relation], bool]) -> bool:
    return of(await context.relations.load(user_id))


def present(user: model.User) -> User:
    return User(
        id=ID(str(user.id)),
        handle=user.handle,
        name=user.name,
        bio=user.bio,
        location=user.location,
        website=None if user.website is None else URL(user.website),
        avatar_url=None if user.avatar_url is None else URL(user.avatar_url),
        created_at=DateTime(user.created_at),
        verified=user.verified,
        protected=user.protected,
        follower_count=user.follower_count,
        following_count=user.following_count,
        key=user.id,
    )


async def find_user(context: UsersContext, id_: str | None, handle: str | None) -> User | None:
    """The person with an id or a handle. Raises BadUserInput unless exactly one of the two is given."""
    if (id_ is None) == (handle is None):
        raise BadUserInput("id and handle: give exactly one of the two")
    if id_ is not None:
        found = await context.users.load(parse_id(id_, "id"))
    else:
        found = await context.users_by_handle.load(handle.lower()) if handle and is_handle(handle) else None
    return None if found is None else present(found)
