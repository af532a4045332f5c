"""The rules of notifications: who is told of what, and what of it is shown."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import structlog

from murmur.clock import Clock
from murmur.cursors import Page, Window, page
from murmur.errors import Refused, Unavailable, UserErrorCode
from murmur.events import (
    AnyEvent,
    Blocked,
    Followed,
    Liked,
    Muted,
    Retweeted,
    RetweetUndone,
    TweetDeleted,
    TweetPublished,
    Unfollowed,
    Unliked,
    Unmuted,
)
from murmur.ids import id_time
from murmur.pubsub.looking import word_or_while
from murmur.pubsub.ports import Message, PubSub
from murmur.relation import STRANGERS
from subgraphs.notifications.model import Kind, Notice, Notification
from subgraphs.notifications.ports import NotificationStore, People

ALL_KINDS = frozenset(Kind)
SENT_KINDS = ALL_KINDS - {Kind.TWEET}
COUNTED_UNREAD = 100
"""Unread notifications are counted up to this many."""
# What an import brings is no news.
_NEWS_MS = 24 * 3600 * 1000
_BACKLOG = 100
_RELATIONS_AT_ONCE = 16
_log = structlog.get_logger()


def channel(recipient_id: int) -> str:
    """Where it is said that something has changed in a person's notifications."""
    return f"notifications:{recipient_id}"


class NotificationService:
    def __init__(self, store: NotificationStore, people: People, pubsub: PubSub, clock: Clock) -> None:
        self._store = store
        self._people = people
        self._pubsub = pubsub
        self._clock = clock

    async def page(self, viewer_id: int, wanted: Window, kinds: AbstractSet[Kind] = ALL_KINDS) -> Page[Notification]:
        """The viewer's notifications, without what blocked and muted people did."""
        rows: Sequence[Notification] = ()
        part = wanted
        while True:
            found = await self._store.page(viewer_id, part, kinds)
            shown = await self._shown(viewer_id, found)
            rows = [*shown, *rows] if wanted.from_oldest else [*rows, *shown]
            if len(found) < part.fetch or len(rows) >= wanted.fetch:
                return page(wanted.cut(rows), wanted)
            part = part.beyond(found[0].id, found[-1].id)

    async def of_ids(self, viewer_id: int, ids: Collection[int]) -> Mapping[int, Notification]:
        """The viewer's notifications that hold these ids, as they are now."""
        found = await self._store.of_positions(viewer_id, ids)
        shown = {each.group_id: each for each in await self._shown(viewer_id, list(dict.fromkeys(found.values())))}
        return {id_: shown[each.group_id] for id_, each in found.items() if each.group_id in shown}

    async def unread(self, viewer_id: int) -> int:
        """How many are unread, at most `COUNTED_UNREAD`."""
        above = await self._store.read_up_to(viewer_id)
        return len((await self.page(viewer_id, Window(COUNTED_UNREAD, above=above))).items)

    async def mark_read(self, viewer_id: int, up_to: int) -> int:
        """Everything up to this id is read; returns how many are unread still."""
        # An id from beyond would mark as read what has not come yet.
        up_to = min(up_to, await self._store.last_position(viewer_id))
        if await self._store.mark_read(viewer_id, up_to):
            await self._tell([viewer_id], b"read")
        return await self.unread(viewer_id)

    async def muted_kinds(self, viewer_id: int) -> AbstractSet[Kind]:
        return (await self._store.muted_kinds([viewer_id])).get(viewer_id, frozenset())

    async def mute_kind(self, viewer_id: int, kind: Kind, *, muted: bool) -> AbstractSet[Kind]:
        """Of what kinds the viewer wants no notifications any more. Refuses kinds that are not sent."""
        if kind not in SENT_KINDS:
            raise Refused(UserErrorCode.INVALID, "There are no notifications of this kind yet.", "kind")
        await self._store.set_muted_kind(viewer_id, kind, muted=muted)
        return await self.muted_kinds(viewer_id)

    async def follow(self, viewer_id: int, after: int | None) -> AsyncGenerator[Notification]:
        """Notifications as they come; those after `after` first, so that whoever comes back with the last id misses none."""
        async with self._pubsub.listen([channel(viewer_id)]) as listener:
            # Listening began before this look, so what comes in between is found by one of the two.
            last = await self._store.last_position(viewer_id)
            if after is not None:
                # With an id from beyond, what has not come yet would never be told.
                last = min(last, after)
            while True:
                while found := await self._store.after(viewer_id, last, _BACKLOG):
                    last = found[-1].id
                    for notification in await self._shown(viewer_id, found):
                        yield notification
                await word_or_while(listener)

    async def follow_unread(self, viewer_id: int) -> AsyncGenerator[int]:
        """How many are unread, whenever that has changed."""
        async with self._pubsub.listen([channel(viewer_id)]) as listener:
            told = await self.unread(viewer_id)
            while True:
                await word_or_while(listener)
                unread = await self.unread(viewer_id)
                if unread != told:
                    told = unread
                    yield unread

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Take in what happened, in order; hearing it again changes nothing."""
        notices: list[Notice] = []
        for event in events:
            match event:
                case TweetPublished() | Liked() | Retweeted() | Followed():
                    notices += await self._notices(event)
                case _:
                    # In order: what is taken back here may be among the notices.
                    await self._add(notices)
                    notices = []
                    await self._withdraw(event)
        await self._add(notices)

    async def _withdraw(self, event: AnyEvent) -> None:
        """Take back what is so no more, and say so to those who have less of it, or see more or less."""
        match event:
            case Unliked():
                changed = await self._store.withdraw(Kind.LIKE, event.user_id, tweet_id=event.tweet_id)
            case RetweetUndone():
                changed = await self._store.withdraw(Kind.RETWEET, event.user_id, tweet_id=event.tweet_id)
            case Unfollowed():
                changed = await self._store.withdraw(Kind.FOLLOW, event.follower_id, recipient_id=event.followee_id)
            case TweetDeleted():
                changed = await self._store.forget_tweet(event.tweet_id)
            case Blocked():
                changed = await self._store.forget_between(event.blocker_id, event.blocked_id)
            case Muted() | Unmuted():
                # Nothing that is stored changes, but what is shown of it does.
                changed = {event.muter_id}
            case _:
                return
        if changed:
            await self._tell(changed, b"gone")

    async def _notices(self, event: TweetPublished | Liked | Retweeted | Followed) -> Sequence[Notice]:
        if event.at < self._clock() - _NEWS_MS:
            return ()
        match event:
            case Liked():
                told = [Notice(event.author_id, Kind.LIKE, event.user_id, event.id, event.tweet_id)]
            case Retweeted():
                told = [Notice(event.author_id, Kind.RETWEET, event.user_id, event.id, event.tweet_id)]
            case Followed():
                told = [Notice(event.followee_id, Kind.FOLLOW, event.follower_id, event.id)]
            case TweetPublished():
                told = await self._of_tweet(event)
        return [notice for notice in told if notice.recipient_id != notice.actor_id]

    async def _of_tweet(self, event: TweetPublished) -> list[Notice]:
        """Each person is told once of a tweet: that it answers them, else that it quotes, else that it mentions them."""
        if id_time(event.tweet_id) < event.at - _NEWS_MS:
            return []
        kinds: dict[int, Kind] = {}
        if event.in_reply_to_author_id is not None:
            kinds[event.in_reply_to_author_id] = Kind.REPLY
        if event.quoted_author_id is not None:
            kinds.setdefault(event.quoted_author_id, Kind.QUOTE)
        if event.mentions:
            for user_id in (await self._people.ids_of_handles([handle.lower() for handle in event.mentions])).values():
                kinds.setdefault(user_id, Kind.MENTION)
        return [Notice(user_id, kind, event.author_id, event.id, event.tweet_id) for user_id, kind in kinds.items()]

    async def _add(self, notices: Sequence[Notice]) -> None:
        """Store what its recipients want to hear, and say that there is something new."""
        by_recipient: defaultdict[int, list[Notice]] = defaultdict(list)
        for notice in notices:
            by_recipient[notice.recipient_id].append(notice)
        if not by_recipient:
            return
        muted = await self._store.muted_kinds(by_recipient)
        wanted: list[Notice] = []
        recipients = list(by_recipient)
        for start in range(0, len(recipients), _RELATIONS_AT_ONCE):
            some = recipients[start : start + _RELATIONS_AT_ONCE]
            actors = [{notice.actor_id for notice in by_recipient[recipient]} for recipient in some]
            found = await asyncio.gather(*map(self._people.relations, some, actors))
            for recipient, relations in zip(some, found, strict=True):
                for notice in by_recipient[recipient]:
                    relation = relations.get(notice.actor_id, STRANGERS)
                    if not (relation.blocked or relation.mutes or notice.kind in muted.get(recipient, ())):
                        wanted.append(notice)
        if changed := await self._store.add(wanted):
            await self._tell(changed, b"new")

    async def _tell(self, recipients: Collection[int], what: bytes) -> None:
        try:
            await self._pubsub.publish([Message(channel(recipient), what) for recipient in sorted(recipients)])
        except Unavailable as error:
            # What is stored is stored; who listens looks again by itself.
            _log.warning("listeners are not told", reason=str(error))

    async def _shown(self, viewer_id: int, found: Sequence[Notification]) -> Sequence[Notification]:
        """Notifications without the blocked and muted among their actors; without those where nobody is left."""
        actors = {actor for notification in found for actor in notification.actor_ids}
        relations = await self._people.relations(viewer_id, actors) if actors else {}
        shown: list[Notification] = []
        for notification in found:
            seen = tuple(
                actor
                for actor in notification.actor_ids
                if not (relations.get(actor, STRANGERS).blocked or relations.get(actor, STRANGERS).mutes)
            )
            if seen:
                hidden = len(notification.actor_ids) - len(seen)
                shown.append(replace(notification, actor_ids=seen, actor_count=notification.actor_count - hidden))
        return shown
