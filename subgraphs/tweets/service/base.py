"""What every verb stands on: the ports, and how a tweet is shown to a viewer."""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

from murmur.clock import Clock
from murmur.errors import Refused, UserErrorCode
from murmur.ids import IdSource
from murmur.prohibited import ProhibitedContent
from murmur.pubsub.ports import PubSub
from murmur.text import InvalidText, Text, read_text
from subgraphs.tweets.model import View
from subgraphs.tweets.ports import People, TellLanguage, TweetStore


class Base:
    def __init__(
        self,
        store: TweetStore,
        people: People,
        ids: IdSource,
        clock: Clock,
        language_of: TellLanguage,
        prohibited: ProhibitedContent | None = None,
        pubsub: PubSub | None = None,
    ) -> None:
        self._store = store
        self._people = people
        self._ids = ids
        self._clock = clock
        self._language_of = language_of
        self._prohibited = prohibited
        self._pubsub = pubsub

    async def views(self, viewer_id: int | None, tweet_ids: Collection[int]) -> Mapping[int, View]:
        """The tweets that exist, as the viewer sees them; those that a block hides are tombstones marked `hidden`.

        Two calls, whatever the number of tweets.
        """
        found = await self._store.views(tweet_ids, viewer_id)
        hidden = await self._hidden(viewer_id, {view.tweet.author_id for view in found.values()})
        if not hidden:
            return found
        return {
            tweet_id: view.tombstone(hidden=True) if view.tweet.author_id in hidden else view for tweet_id, view in found.items()
        }

    async def _view(self, viewer_id: int | None, tweet_id: int) -> View:
        return (await self.views(viewer_id, [tweet_id]))[tweet_id]

    async def _hidden(self, viewer_id: int | None, user_ids: Iterable[int]) -> AbstractSet[int]:
        """Those of these people with a block, in either direction, between them and the viewer."""
        others = set(user_ids) - {viewer_id}
        if viewer_id is None or not others:
            return frozenset()
        relations = await self._people.relations(viewer_id, others)
        return {user_id for user_id, relation in relations.items() if relation.blocked}

    def _read_text(self, raw: str) -> Text:
        """A text that may be published. Raises Refused."""
        try:
            text = read_text(raw)
        except InvalidText as error:
            raise Refused(UserErrorCode(error.kind), str(error), "input", "text") from error
        if self._prohibited is not None and (reason := self._prohibited.reason(text)):
            raise Refused(UserErrorCode.PROHIBITED, reason, "input", "text")
        return text


def not_found(tweet_id: int, *field: str) -> Refused:
    return Refused(UserErrorCode.NOT_FOUND, f"there is no tweet with the id {tweet_id}", *field)


def blocked(*field: str) -> Refused:
    return Refused(UserErrorCode.BLOCKED, "you or the author of that tweet has blocked the other", *field)
