"""Publishing and deleting."""

from hashlib import blake2b

from murmur.errors import BadUserInput, Refused, UserErrorCode
from murmur.events import TweetDeleted, TweetPublished
from murmur.ids import id_time
from subgraphs.tweets.model import Kept, Tweet, View
from subgraphs.tweets.ports import TargetGone, TellTweet
from subgraphs.tweets.service.base import Base, blocked, not_found

MAX_KEY = 128


class Publishing(Base):
    async def create(
        self,
        author_id: int,
        text: str,
        *,
        in_reply_to_id: int | None = None,
        quoted_id: int | None = None,
        idempotency_key: str | None = None,
    ) -> View:
        """Publish a tweet; on return it is durable. A key that was used before for the same content returns the same tweet.

        Raises Refused for a text that breaks the rules, a tweet answered or quoted that is gone or behind a block, and a key
        that was used for something else; BadUserInput for a key that is no key.
        """
        key = _checked(idempotency_key)
        read = self._read_text(text)
        content = _digest(read.value, in_reply_to_id, quoted_id)
        if key is not None and (kept := await self._store.kept(author_id, key)):
            return await self._repeated(author_id, kept, content)
        fields = {"inReplyTo": in_reply_to_id, "quotes": quoted_id}
        targets = {tweet_id: field for field, tweet_id in reversed(fields.items()) if tweet_id is not None}
        if targets:
            views = await self.views(author_id, targets)
            for tweet_id, field in targets.items():
                view = views.get(tweet_id)
                if view is not None and view.hidden:
                    raise blocked("input", field)
                if view is None or view.tweet.deleted:
                    raise not_found(tweet_id, "input", field)
        tweet_id = self._ids()
        tweet = Tweet(
            tweet_id,
            author_id,
            id_time(tweet_id),
            read.value,
            read.entities,
            in_reply_to_id,
            quoted_id,
            lang=self._language_of(read),
        )
        try:
            kept = await self._store.publish(tweet, key, content, tell_published(self._ids(), self._clock()))
        except TargetGone as gone:
            raise not_found(gone.tweet_id, "input", targets[gone.tweet_id]) from gone
        return View(tweet) if kept.tweet_id == tweet_id else await self._repeated(author_id, kept, content)

    async def delete(self, user_id: int, tweet_id: int) -> View:
        """Leave a tombstone in the place of an own tweet. Raises Refused when it is unknown or somebody else's."""
        view = (await self.views(user_id, [tweet_id])).get(tweet_id)
        if view is None:
            raise not_found(tweet_id, "id")
        if view.tweet.author_id != user_id:
            raise Refused(UserErrorCode.NOT_YOURS, "only its author may delete a tweet", "id")
        if not view.tweet.deleted:
            event = TweetDeleted(id=self._ids(), at=self._clock(), tweet_id=tweet_id, author_id=user_id)
            await self._store.delete(tweet_id, event)
        return view.tombstone(hidden=False)

    async def _repeated(self, author_id: int, kept: Kept, content: bytes) -> View:
        if kept.content != content:
            message = "this idempotency key was used for another tweet; use a new key for each tweet"
            raise Refused(UserErrorCode.CONFLICT, message, "input", "idempotencyKey")
        return await self._view(author_id, kept.tweet_id)


def tell_published(event_id: int, at: int) -> TellTweet:
    def tell(tweet: Tweet, answered_author_id: int | None, quoted_author_id: int | None) -> TweetPublished:
        return TweetPublished(
            id=event_id,
            at=at,
            tweet_id=tweet.id,
            author_id=tweet.author_id,
            text=tweet.text,
            in_reply_to_id=tweet.in_reply_to_id,
            in_reply_to_author_id=answered_author_id,
            quoted_id=tweet.quoted_id,
            quoted_author_id=quoted_author_id,
            mentions=tuple(span.value for span in tweet.entities.mentions),
            hashtags=tuple(span.value for span in tweet.entities.hashtags),
        )

    return tell


def _checked(key: str | None) -> str | None:
    if key is not None and not (1 <= len(key) <= MAX_KEY and key.isprintable()):
        raise BadUserInput(f"idempotencyKey: it has {len(key)} characters; 1 to {MAX_KEY} printable ones make a key")
    return key


def _digest(text: str, in_reply_to_id: int | None, quoted_id: int | None) -> bytes:
    return blake2b(f"{in_reply_to_id},{quoted_id},{text}".encode(), digest_size=16).digest()
