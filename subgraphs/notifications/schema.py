"""The notifications subgraph's GraphQL: types in, service calls out."""

from collections.abc import AsyncGenerator
from collections.abc import Set as AbstractSet
from typing import Annotated

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.federation import Schema
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.types import Info

from murmur.cursors import window
from murmur.identity import Caller
from murmur.ids import parse_id
from murmur.runtime.context import RequestContext
from murmur.runtime.enums import describe
from murmur.runtime.payloads import UserError, refusals
from murmur.runtime.relay import After, Before, Connection, First, Last, connection
from murmur.runtime.scalars import DateTime
from murmur.runtime.subgraph import federated_schema
from subgraphs.notifications import model
from subgraphs.notifications.model import Kind
from subgraphs.notifications.service import ALL_KINDS, COUNTED_UNREAD, SENT_KINDS, NotificationService

_NOTIFICATIONS = "notifications"
_MEANINGS = {
    Kind.MENTION: "Somebody mentioned the viewer in a tweet.",
    Kind.REPLY: "Somebody answered a tweet of the viewer.",
    Kind.QUOTE: "Somebody quoted a tweet of the viewer.",
    Kind.RETWEET: "People retweeted a tweet of the viewer.",
    Kind.LIKE: "People like a tweet of the viewer.",
    Kind.FOLLOW: "People follow the viewer.",
    Kind.TWEET: "Somebody whom the viewer follows tweeted; none of this kind are sent yet.",
}
describe(Kind, "What a notification tells of.", _MEANINGS, name="NotificationKind")


class NotificationsContext(RequestContext):
    def __init__(self, caller: Caller, service: NotificationService) -> None:
        super().__init__(caller)
        self.service = service
        self.notifications: DataLoader[int, model.Notification | None] = DataLoader(self._load)

    async def _load(self, ids: list[int]) -> list[model.Notification | None]:
        found = await self.service.of_ids(self.signed_in(), ids)
        return [found.get(id_) for id_ in ids]


NotificationsInfo = Info[NotificationsContext, None]


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A tweet.")
class Tweet:
    id: strawberry.ID = strawberry.field(description="Its Snowflake id.")


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A person on Murmur.")
class User:
    id: strawberry.ID = strawberry.field(description="Their Snowflake id.")


@strawberry.federation.type(
    keys=["id"],
    description="What people did with the viewer, grouped: several likes of one tweet are one notification until it is read.",
)
class Notification:
    id: strawberry.ID = strawberry.field(
        description="Rises with each thing that joins the group, so the greatest id seen is where to resume from."
    )
    group_id: strawberry.ID = strawberry.field(description="Stays the same while a group grows: replace what has it already.")
    kind: Kind = strawberry.field(description="What it tells of.")
    actors: list[User] = strawberry.field(description="Who did it, the newest first, at most ten.")
    actor_count: int = strawberry.field(description="How many people did it.")
    tweet: Tweet | None = strawberry.field(
        description="What was written, liked or retweeted; null for follows, and where the tweet may not be seen any more."
    )
    created_at: DateTime = strawberry.field(description="When the newest of it happened.")
    read: bool = strawberry.field(description="Whether the viewer has marked it as read.")

    @classmethod
    def of(cls, found: model.Notification) -> "Notification":
        return cls(
            id=strawberry.ID(str(found.id)),
            group_id=strawberry.ID(str(found.group_id)),
            kind=found.kind,
            actors=[User(id=strawberry.ID(str(actor))) for actor in found.actor_ids],
            actor_count=found.actor_count,
            tweet=None if found.tweet_id is None else Tweet(id=strawberry.ID(str(found.tweet_id))),
            created_at=DateTime(found.at),
            read=found.read,
        )

    @classmethod
    async def resolve_reference(cls, info: NotificationsInfo, id: strawberry.ID) -> "Notification | None":
        found = await info.context.notifications.load(parse_id(id, "id"))
        return None if found is None else cls.of(found)


@strawberry.type(description="Whether the viewer wants notifications of a kind.")
class NotificationPreference:
    kind: Kind = strawberry.field(description="The kind.")
    enabled: bool = strawberry.field(description="Whether they come.")


Kinds = Annotated[list[Kind] | None, strawberry.argument(description="Only of these kinds; all without it.")]


@strawberry.type
class Query:
    @strawberry.field(description="What people did with the viewer, newest first. Needs a signed-in viewer.")
    async def notifications(
        self,
        info: NotificationsInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        kinds: Kinds = None,
    ) -> Connection[Notification]:
        viewer_id = info.context.signed_in()
        wanted = window(_NOTIFICATIONS, first=first, after=after, last=last, before=before)
        found = await info.context.service.page(viewer_id, wanted, ALL_KINDS if kinds is None else frozenset(kinds))
        return connection(_NOTIFICATIONS, found, lambda each: each.id, Notification.of)

    @strawberry.field(description=f"How many notifications the viewer has not read, counted up to {COUNTED_UNREAD}.")
    async def unread_notification_count(self, info: NotificationsInfo) -> int:
        return await info.context.service.unread(info.context.signed_in())

    @strawberry.field(description="Which kinds of notifications the viewer wants.")
    async def notification_preferences(self, info: NotificationsInfo) -> list[NotificationPreference]:
        return _preferences(await info.context.service.muted_kinds(info.context.signed_in()))


@strawberry.type(description="What marking notifications as read answers.")
class MarkNotificationsReadPayload:
    unread_count: int | None = strawberry.field(default=None, description="How many are unread still; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type(description="What setting a preference answers.")
class NotificationPreferencesPayload:
    preferences: list[NotificationPreference] | None = strawberry.field(default=None, description="All of them, as they are now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Mark everything up to a notification as read, that one included.")
    @refusals(MarkNotificationsReadPayload)
    async def mark_notifications_read(
        self, info: NotificationsInfo, up_to: Annotated[strawberry.ID, strawberry.argument(description="A notification's id.")]
    ) -> MarkNotificationsReadPayload:
        unread = await info.context.service.mark_read(info.context.signed_in(), parse_id(up_to, "upTo"))
        return MarkNotificationsReadPayload(unread_count=unread)

    @strawberry.mutation(description="Say whether notifications of a kind shall come.")
    @refusals(NotificationPreferencesPayload)
    async def set_notification_preference(
        self,
        info: NotificationsInfo,
        kind: Annotated[Kind, strawberry.argument(description="The kind.")],
        enabled: Annotated[bool, strawberry.argument(description="Whether they shall come.")],
    ) -> NotificationPreferencesPayload:
        muted = await info.context.service.mute_kind(info.context.signed_in(), kind, muted=not enabled)
        return NotificationPreferencesPayload(preferences=_preferences(muted))


@strawberry.type(description="What can be followed as it happens.")
class Subscription:
    @strawberry.subscription(
        description="Notifications as they come. A group that grows comes again, with a greater id and the same groupId."
    )
    async def notification_received(
        self,
        info: NotificationsInfo,
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="The greatest id seen: what came since then comes first. Without it, only what is new."
            ),
        ] = None,
    ) -> AsyncGenerator[Notification, None]:
        viewer_id = info.context.signed_in()
        position = None if after is None else parse_id(after, "after")
        async for notification in info.context.service.follow(viewer_id, position):
            yield Notification.of(notification)

    @strawberry.subscription(description="How many notifications are unread, whenever that changes.")
    async def unread_count_changed(self, info: NotificationsInfo) -> AsyncGenerator[int, None]:
        async for unread in info.context.service.follow_unread(info.context.signed_in()):
            yield unread


def build_schema() -> Schema:
    """The executable schema; what it runs on comes with each request's `NotificationsContext`."""
    return federated_schema(Query, Mutation, subscription=Subscription)


def _preferences(muted: AbstractSet[Kind]) -> list[NotificationPreference]:
    return [NotificationPreference(kind=kind, enabled=kind not in muted) for kind in sorted(SENT_KINDS)]
