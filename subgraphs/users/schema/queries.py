"""What is asked for by id, by handle, or for the viewer."""

from typing import Annotated

import strawberry
from strawberry import ID

from murmur.errors import BadUserInput
from murmur.ids import parse_id
from subgraphs.users.schema.types import User, UsersInfo, find_user, present

_MAX_USERS = 100
_MAX_SUGGESTIONS = 100
_DEFAULT_SUGGESTIONS = 10

Id = Annotated[ID | None, strawberry.argument(description="The person's id.")]
Handle = Annotated[str | None, strawberry.argument(description="The person's handle, in any case.")]
Ids = Annotated[list[ID], strawberry.argument(description="At most 100 ids.")]
Suggested = Annotated[int | None, strawberry.argument(description="How many, 1 to 100; 10 without it.")]


@strawberry.type(description="What can be read of people.")
class Query:
    @strawberry.field(description="The viewer; null for an anonymous one.")
    async def me(self, info: UsersInfo) -> User | None:
        viewer_id = info.context.viewer_id
        return None if viewer_id is None else await info.context.users.load(viewer_id)

    @strawberry.field(description="A person by id or by handle, exactly one of the two; null when there is none.")
    async def user(self, info: UsersInfo, id: Id = None, handle: Handle = None) -> User | None:
        return await find_user(info.context, id, handle)

    @strawberry.field(description="People by id, in the order of the ids; null for each id that nobody has.")
    async def users(self, info: UsersInfo, ids: Ids) -> list[User | None]:
        if len(ids) > _MAX_USERS:
            raise BadUserInput(f"ids: {len(ids)} are too many; at most {_MAX_USERS} at once")
        return await info.context.users.load_many([parse_id(id_, "ids") for id_ in ids])

    @strawberry.field(description="People followed by those whom the viewer follows, best first, for a signed-in viewer.")
    async def suggestions(self, info: UsersInfo, first: Suggested = _DEFAULT_SUGGESTIONS) -> list[User]:
        viewer_id = info.context.signed_in()
        first = _DEFAULT_SUGGESTIONS if first is None else first
        if not 1 <= first <= _MAX_SUGGESTIONS:
            raise BadUserInput(f"first: {first} is outside the bounds, 1 to {_MAX_SUGGESTIONS}")
        return [present(user) for user in await info.context.service.suggestions(viewer_id, first)]
