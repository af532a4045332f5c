"""User, and what the resolvers of one request share: the service, the store and the loaders that batch its reads.

What is loaded is what is shown, and a resolver that waits hands over the loader's future: a coroutine for each person of a
list costs more than the rest of the person.
"""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Literal, Self, cast

import strawberry
from strawberry import ID, Info
from strawberry.dataloader import DataLoader

from murmur import cursors
from murmur.cursors import Page
from murmur.errors import BadUserInput
from murmur.identity import Caller
from murmur.ids import parse_id
from murmur.relation import STRANGERS, Relation
from murmur.runtime.context import RequestContext
from murmur.runtime.relay import After, Before, Connection, First, Last, connection
from murmur.runtime.scalars import URL, DateTime
from murmur.text import is_handle
from subgraphs.users import model
from subgraphs.users.model import Listing, Neighbour, Side
from subgraphs.users.ports import UsersStore
from subgraphs.users.service import UsersService

_MAX_BATCH = 1_000
_Flag = Literal["follows", "followed_by", "blocks", "mutes"]


class UsersContext(RequestContext):
    """Each loader makes one call of the store for whatever is asked for in one turn of the event loop."""

    def __init__(self, caller: Caller, service: UsersService, store: UsersStore) -> None:
        super().__init__(caller)
        self.service = service
        self.store = store
        self.users: DataLoader[int, User | None] = DataLoader(self._load_users, max_batch_size=_MAX_BATCH)
        self.users_by_handle: DataLoader[str, User | None] = DataLoader(self._load_handles, max_batch_size=_MAX_BATCH)
        self.flags: DataLoader[tuple[int, _Flag], bool] = DataLoader(self._load_flags, max_batch_size=4 * _MAX_BATCH)
        self.neighbours: DataLoader[Listing, Page[Neighbour]] = DataLoader(self._load_neighbours, max_batch_size=_MAX_BATCH)
        self.relations: dict[int, Relation] = {}
        """How the viewer stands to whom this was asked of before, for whatever reason."""

    def forget(self) -> None:
        """What was loaded may have changed: a document can hold several mutations, and each answers for its own moment."""
        for loader in (self.users, self.users_by_handle, self.flags, self.neighbours):
            loader.clear_all()
        self.relations.clear()

    async def _load_users(self, ids: list[int]) -> Sequence["User | None"]:
        found = await self.store.users(ids)
        return [present(found[id_]) if id_ in found else None for id_ in ids]

    async def _load_handles(self, handles: list[str]) -> Sequence["User | None"]:
        found = await self.store.users_of_handles(handles)
        return [present(found[handle]) if handle in found else None for handle in handles]

    async def _load_flags(self, keys: list[tuple[int, _Flag]]) -> Sequence[bool]:
        asked = {id_ for id_, _ in keys}
        self._remember(asked, await self.store.relations(self.signed_in(), asked))
        return [getattr(self.relations[id_], flag) for id_, flag in keys]

    async def _load_neighbours(self, listings: list[Listing]) -> Sequence[Page[Neighbour]]:
        pages, relations = await self.service.neighbours(self.viewer_id, listings)
        self._remember((row.user.id for page in pages for row in page.items), relations)
        return pages

    def _remember(self, ids: Iterable[int], relations: Mapping[int, Relation]) -> None:
        for id_ in ids:
            self.relations[id_] = relations.get(id_, STRANGERS)


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
    def resolve_reference(cls, info: UsersInfo, id: str | None = None, handle: str | None = None) -> Awaitable[Self | None]:
        # A representation may carry both keys; either will do.
        return cast("Awaitable[Self | None]", find_user(info.context, id, handle if id is None else None))

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
        return self._flag(info.context, "follows")

    @strawberry.field(graphql_type=bool, description="Whether they follow the viewer; false for an anonymous viewer.")
    def follows_viewer(self, info: UsersInfo) -> bool | Awaitable[bool]:
        return self._flag(info.context, "followed_by")

    @strawberry.field(graphql_type=bool, description="Whether the viewer has blocked them; false for an anonymous viewer.")
    def viewer_blocks(self, info: UsersInfo) -> bool | Awaitable[bool]:
        return self._flag(info.context, "blocks")

    @strawberry.field(graphql_type=bool, description="Whether the viewer has muted them; false for an anonymous viewer.")
    def viewer_mutes(self, info: UsersInfo) -> bool | Awaitable[bool]:
        return self._flag(info.context, "mutes")

    def _flag(self, context: UsersContext, flag: _Flag) -> bool | Awaitable[bool]:
        if context.viewer_id is None or context.viewer_id == self.key:
            return False
        relation = context.relations.get(self.key)
        return context.flags.load((self.key, flag)) if relation is None else getattr(relation, flag)

    async def _neighbours(
        self, context: UsersContext, side: Side, first: int | None, after: str | None, last: int | None, before: str | None
    ) -> Connection["User"]:
        name = f"{side}:{self.key}"
        wanted = cursors.window(name, first=first, after=after, last=last, before=before)
        page = await context.neighbours.load(Listing(side, self.key, wanted))
        return connection(name, page, lambda row: row.position, lambda row: present(row.user))


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


def find_user(context: UsersContext, id_: str | None, handle: str | None) -> Awaitable[User | None]:
    """The person with an id or a handle. Raises BadUserInput unless exactly one of the two is given, or for what is no id."""
    if id_ is not None and handle is None:
        return context.users.load(parse_id(id_, "id"))
    if handle is not None and id_ is None:
        # What is no handle is nobody's; the empty text stands for it.
        return context.users_by_handle.load(handle.lower() if is_handle(handle) else "")
    raise BadUserInput("id and handle: give exactly one of the two")
