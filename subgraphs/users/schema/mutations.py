"""Accounts, sessions, the own profile and the follow graph."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry
from strawberry import ID, UNSET

from murmur.ids import parse_id
from murmur.runtime.payloads import UserError, refusals
from murmur.runtime.scalars import DateTime
from subgraphs.users import model
from subgraphs.users.model import ProfileChanges, ProfileField, SignedIn
from subgraphs.users.schema.types import User, UsersContext, UsersInfo, present

_REFUSED = "Why nothing was done; empty when it was done."
_STAYS = "An absent field stays as it is."


@strawberry.type(description="A session that was started or went on.")
class SessionPayload:
    user: User | None = strawberry.field(default=None, description="Who is signed in.")
    access_token: str | None = strawberry.field(
        default=None, description="Send it as `Authorization: Bearer TOKEN`; good for 15 minutes."
    )
    refresh_token: str | None = strawberry.field(
        default=None, description="Good for one `refreshSession`, which gives the next one, within 60 days. Keep it secret."
    )
    expires_at: DateTime | None = strawberry.field(default=None, description="When the access token expires.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_REFUSED)


@strawberry.type(description="The end of a session.")
class SignOutPayload:
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_REFUSED)


@strawberry.type(description="A person whose profile, or the viewer's relation to whom, was changed.")
class UserPayload:
    user: User | None = strawberry.field(default=None, description="The person after the change; null when it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_REFUSED)


@strawberry.input(description="A new account.")
class SignUpInput:
    handle: str = strawberry.field(description="1 to 15 of A-Z a-z 0-9 _, unique without regard to case.")
    password: str = strawberry.field(description="8 to 256 characters.")
    name: str = strawberry.field(description="The name shown, 1 to 50 characters.")
    email: str | None = strawberry.field(default=None, description="Optional, and never shown to anybody.")


@strawberry.input(description="What an account signs in with.")
class SignInInput:
    handle: str = strawberry.field(description="The handle, in any case.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="The old and the new password of the viewer.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="8 to 256 characters.")


@strawberry.input(description=f"What to change in the viewer's profile. {_STAYS}")
class UpdateProfileInput:
    name: str | None = strawberry.field(default=UNSET, description="1 to 50 characters; can't be cleared.")
    bio: str | None = strawberry.field(default=UNSET, description="At most 160 characters; null clears it.")
    location: str | None = strawberry.field(default=UNSET, description="At most 30 characters; null clears it.")
    website: str | None = strawberry.field(
        default=UNSET, description="An absolute http or https URL of at most 2048 characters; null clears it."
    )
    avatar_url: str | None = strawberry.field(
        default=UNSET, description="An absolute http or https URL of at most 2048 characters; null clears it."
    )


RefreshToken = Annotated[str, strawberry.argument(description="The newest refresh token of the session.")]
UserId = Annotated[ID, strawberry.argument(description="Whom.")]


@strawberry.type(description="What people do about their accounts and each other.")
class Mutation:
    @strawberry.mutation(description="Open an account and sign in.")
    @refusals(SessionPayload)
    async def sign_up(
        self,
        info: UsersInfo,
        input: Annotated[SignUpInput, strawberry.argument(description="The account.")],
    ) -> SessionPayload:
        context = info.context
        signed_in = await context.service.sign_up(input.handle, input.password, input.name, input.email, context.caller)
        return await _session(context, signed_in)

    @strawberry.mutation(description="Start a session. Tries are limited for each account and each network address.")
    @refusals(SessionPayload)
    async def sign_in(
        self,
        info: UsersInfo,
        input: Annotated[SignInInput, strawberry.argument(description="Who.")],
    ) -> SessionPayload:
        context = info.context
        return await _session(context, await context.service.sign_in(input.handle, input.password, context.caller))

    @strawberry.mutation(
        description="Exchange a refresh token for a new one and a new access token. A token that was exchanged before is"
        " a sign of theft: it ends the session, also for whoever holds the newest token."
    )
    @refusals(SessionPayload)
    async def refresh_session(self, info: UsersInfo, refresh_token: RefreshToken) -> SessionPayload:
        return await _session(info.context, await info.context.service.refresh_session(refresh_token))

    @strawberry.mutation(description="End a session. Its access token stays good until it expires.")
    @refusals(SignOutPayload)
    async def sign_out(self, info: UsersInfo, refresh_token: RefreshToken) -> SignOutPayload:
        await info.context.service.sign_out(refresh_token)
        return SignOutPayload()

    @strawberry.mutation(description="Set a new password, end all sessions of the viewer and start a new one.")
    @refusals(SessionPayload)
    async def change_password(
        self,
        info: UsersInfo,
        input: Annotated[ChangePasswordInput, strawberry.argument(description="Old and new.")],
    ) -> SessionPayload:
        context = info.context
        signed_in = await context.service.change_password(context.signed_in(), input.current_password, input.new_password)
        return await _session(context, signed_in)

    @strawberry.mutation(description=f"Change the viewer's profile. {_STAYS}")
    @refusals(UserPayload)
    async def update_profile(
        self,
        info: UsersInfo,
        input: Annotated[UpdateProfileInput, strawberry.argument(description="The changes.")],
    ) -> UserPayload:
        given: dict[ProfileField, str | None] = {
            "name": input.name,
            "bio": input.bio,
            "location": input.location,
            "website": input.website,
            "avatar_url": input.avatar_url,
        }
        changes: ProfileChanges = {field: value for field, value in given.items() if value is not UNSET}
        context = info.context
        return _changed(context, await context.service.update_profile(context.signed_in(), changes))

    @strawberry.mutation(description="Follow somebody. Refused with BLOCKED when one of the two has blocked the other.")
    @refusals(UserPayload)
    async def follow(self, info: UsersInfo, user_id: UserId) -> UserPayload:
        return await _act(info, user_id, info.context.service.follow)

    @strawberry.mutation(description="No longer follow somebody.")
    @refusals(UserPayload)
    async def unfollow(self, info: UsersInfo, user_id: UserId) -> UserPayload:
        return await _act(info, user_id, info.context.service.unfollow)

    @strawberry.mutation(description="Block somebody: ends the follows in both directions and hides the two from each other.")
    @refusals(UserPayload)
    async def block(self, info: UsersInfo, user_id: UserId) -> UserPayload:
        return await _act(info, user_id, info.context.service.block)

    @strawberry.mutation(description="No longer block somebody. The follows that the block has ended stay ended.")
    @refusals(UserPayload)
    async def unblock(self, info: UsersInfo, user_id: UserId) -> UserPayload:
        return await _act(info, user_id, info.context.service.unblock)

    @strawberry.mutation(description="Hide somebody from the viewer's home timeline; they are not told.")
    @refusals(UserPayload)
    async def mute(self, info: UsersInfo, user_id: UserId) -> UserPayload:
        return await _act(info, user_id, info.context.service.mute)

    @strawberry.mutation(description="No longer mute somebody.")
    @refusals(UserPayload)
    async def unmute(self, info: UsersInfo, user_id: UserId) -> UserPayload:
        return await _act(info, user_id, info.context.service.unmute)


async def _act(info: UsersInfo, user_id: str, verb: Callable[[int, int], Awaitable[model.User]]) -> UserPayload:
    return _changed(info.context, await verb(info.context.signed_in(), parse_id(user_id, "userId")))


def _changed(context: UsersContext, user: model.User) -> UserPayload:
    context.forget()
    return UserPayload(user=present(user))


async def _session(context: UsersContext, signed_in: SignedIn) -> SessionPayload:
    context.forget()
    user = await context.users.load(signed_in.user_id)
    return SessionPayload(
        user=user,
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        expires_at=DateTime(signed_in.expires_at),
    )
