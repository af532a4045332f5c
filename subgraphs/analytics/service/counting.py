"""What is counted of what happens, and of what clients say was seen."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from cachetools import LRUCache

from murmur.clock import Clock
from murmur.events import (
    AnyEvent,
    Followed,
    ImpressionsRecorded,
    Liked,
    PlatformSampled,
    Retweeted,
    RetweetUndone,
    TweetPublished,
    Unfollowed,
    Unliked,
)
from murmur.ids import id_time
from subgraphs.analytics.model import DAY_MS, Batch, Kind, Mark, day_of, hour_of, platform_owner
from subgraphs.analytics.ports import AnalyticsStore, People, Tweets

_KNOWN = 200_000
_SAMPLED: Mapping[Kind, str] = {
    Kind.REQUEST: "requests",
    Kind.FAILURE: "failures",
    Kind.FANOUT: "fanned_out",
    Kind.FANOUT_SECOND: "fanned_out_soon",
    Kind.FANOUT_MS: "fanout_ms",
}


class Counting:
    """Events become marks, which a store counts once. What names a mark is in its event alone, so neither their order nor how
    often they are delivered makes a difference."""

    def __init__(self, store: AnalyticsStore, tweets: Tweets, people: People, clock: Clock) -> None:
        self._store = store
        self._tweets = tweets
        self._people = people
        self._clock = clock
        # Who wrote a tweet never changes, and nobody goes.
        self._authors: LRUCache[int, int] = LRUCache(_KNOWN)
        self._visited: LRUCache[int, bool] = LRUCache(_KNOWN)
        self._active: LRUCache[tuple[int, int, Kind, int, int], bool] = LRUCache(_KNOWN)

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Count what happened; hearing it again counts nothing."""
        recorded = [event for event in events if isinstance(event, ImpressionsRecorded)]
        seen = {tweet_id for event in recorded for tweet_id in event.tweet_ids}
        undone = {event.tweet_id for event in events if isinstance(event, RetweetUndone)}
        authors = await self._authors_of(seen | undone)
        marks = [mark for event in events for mark in _marks(event, authors)]
        if recorded:
            visited = await self._known_of({profile_id for event in recorded for profile_id in event.profile_ids})
            batches = [Batch(event.viewer_id, event.batch, event.at) for event in recorded]
            for event, at in zip(recorded, await self._store.first_told(batches), strict=True):
                marks += _seen(event, at, authors, visited)
        active = {mark.name: mark for event in events for mark in _active(event) if mark.name not in self._active}
        if marks or active:
            await self._store.add([*marks, *active.values()], self._clock())
        # Only once they are counted is there no need to say so again.
        self._active.update(dict.fromkeys(active, True))

    async def look(self, backlog: int, look_id: int) -> None:
        """Note how much waits to be delivered to timelines, if anything does. `look_id` names this look."""
        if backlog:
            now = self._clock()
            owner, hour = platform_owner(look_id), hour_of(now)
            marks = [Mark(owner, Kind.BACKLOG, hour, look_id, amount=backlog), Mark(owner, Kind.BACKLOG_LOOK, hour, look_id)]
            await self._store.add(marks, now)

    async def tidy(self) -> bool:
        """As `AnalyticsStore.tidy`, now."""
        return await self._store.tidy(self._clock())

    async def _known_of(self, user_ids: set[int]) -> AbstractSet[int]:
        found = {user_id for user_id in user_ids if user_id in self._visited}
        if unknown := user_ids - found:
            loaded = (await self._people.users(unknown)).keys()
            self._visited.update(dict.fromkeys(loaded, True))
            found |= loaded
        return found

    async def _authors_of(self, tweet_ids: set[int]) -> Mapping[int, int]:
        found = {tweet_id: author for tweet_id in tweet_ids if (author := self._authors.get(tweet_id)) is not None}
        if unknown := tweet_ids - found.keys():
            loaded = await self._tweets.authors_of(unknown)
            self._authors.update(loaded)
            found |= loaded
        return found


def _marks(event: AnyEvent, authors: Mapping[int, int]) -> Iterator[Mark]:
    hour = hour_of(event.at)
    match event:
        case Liked():
            yield Mark(event.author_id, Kind.LIKE, hour, event.id, event.tweet_id)
        case Unliked():
            yield Mark(event.author_id, Kind.UNLIKE, hour, event.id, event.tweet_id)
        case Retweeted():
            yield Mark(event.author_id, Kind.RETWEET, hour, event.id, event.tweet_id)
        case RetweetUndone():
            if (author_id := authors.get(event.tweet_id)) is not None:
                yield Mark(author_id, Kind.UNRETWEET, hour, event.id, event.tweet_id)
        case Followed():
            yield Mark(event.followee_id, Kind.FOLLOW, hour, event.id)
        case Unfollowed():
            yield Mark(event.followee_id, Kind.UNFOLLOW, hour, event.id)
        case TweetPublished():
            if event.in_reply_to_id is not None and event.in_reply_to_author_id is not None:
                yield Mark(event.in_reply_to_author_id, Kind.REPLY, hour, event.id, event.in_reply_to_id)
            if event.quoted_id is not None and event.quoted_author_id is not None:
                yield Mark(event.quoted_author_id, Kind.QUOTE, hour, event.id, event.quoted_id)
            if _is_news(event):
                yield Mark(platform_owner(event.tweet_id), Kind.POST, hour, event.id)
        case PlatformSampled():
            for kind, name in _SAMPLED.items():
                if amount := getattr(event, name):
                    yield Mark(platform_owner(event.id), kind, hour, event.id, amount=amount)
        case _:
            pass


def _seen(event: ImpressionsRecorded, at: int, authors: Mapping[int, int], visited: AbstractSet[int]) -> Iterator[Mark]:
    """A person sees a tweet, and visits a profile, once an hour. What is their own, and what there is not, is not counted."""
    hour, viewer_id = hour_of(at), event.viewer_id
    for tweet_id in event.tweet_ids:
        author_id = authors.get(tweet_id)
        if author_id is not None and author_id != viewer_id:
            yield Mark(author_id, Kind.IMPRESSION, hour, viewer_id, tweet_id)
    for profile_id in event.profile_ids:
        if profile_id in visited and profile_id != viewer_id:
            yield Mark(profile_id, Kind.VISIT, hour, viewer_id)


def _active(event: AnyEvent) -> Iterator[Mark]:
    match event:
        case TweetPublished() if _is_news(event):
            user_id = event.author_id
        case Liked() | Retweeted():
            user_id = event.user_id
        case Followed() if _is_news(event):
            user_id = event.follower_id
        case ImpressionsRecorded():
            user_id = event.viewer_id
        case _:
            return
    owner = platform_owner(user_id)
    yield Mark(owner, Kind.ACTIVE_HOUR, hour_of(event.at), user_id)
    yield Mark(owner, Kind.ACTIVE_DAY, day_of(event.at), user_id)


def _is_news(event: TweetPublished | Followed) -> bool:
    """What an import brings happened long ago, and not on this platform."""
    happened = id_time(event.tweet_id) if isinstance(event, TweetPublished) else event.at
    return abs(id_time(event.id) - happened) < DAY_MS
