"""The domain's own types. Ids are 64-bit Snowflakes, times milliseconds since the Unix epoch."""

from dataclasses import dataclass, replace
from typing import Literal

from murmur.text import Entities

EdgeKind = Literal["likes", "retweets", "bookmarks"]
"""What a person can do to a tweet, once each."""

Listing = Literal["originals", "replies", "likes", "bookmarks", "thread", "likers", "retweeters"]
"""A list of entries, newest first. Its owner is a person for the first four, a tweet for the others:

- `originals`, `replies`: what they wrote, without and with a tweet that it answers; deleted ones left out
- `likes`, `bookmarks`: tweets that they liked or bookmarked, by the time they did; deleted ones left out
- `thread`: direct replies to a tweet; a deleted one stays while it has replies itself
- `likers`, `retweeters`: who did so to a tweet
"""

NO_ENTITIES = Entities()


@dataclass(frozen=True, slots=True)
class Tweet:
    """What was published. Nothing of it changes but by deletion, which leaves the text empty."""

    id: int
    author_id: int
    created_at: int
    text: str
    entities: Entities = NO_ENTITIES
    in_reply_to_id: int | None = None
    quoted_id: int | None = None
    deleted: bool = False
    lang: str | None = None
    """The language of the text as a BCP 47 tag; None where it is not known."""


@dataclass(frozen=True, slots=True)
class View:
    """A tweet as one viewer sees it: with its counts and what the viewer has done to it."""

    tweet: Tweet
    likes: int = 0
    retweets: int = 0
    replies: int = 0
    quotes: int = 0
    bookmarks: int = 0
    liked: bool = False
    retweeted: bool = False
    bookmarked: bool = False
    hidden: bool = False
    """A block stands between the viewer and the author; what is here is the tombstone."""

    def tombstone(self, *, hidden: bool) -> "View":
        """What is shown in a thread in the place of a deleted or hidden tweet."""
        return View(replace(self.tweet, text="", entities=NO_ENTITIES, quoted_id=None, deleted=True, lang=None), hidden=hidden)


@dataclass(frozen=True, slots=True)
class Edge:
    """A like, retweet or bookmark. `id` is its own Snowflake and carries its time."""

    id: int
    user_id: int
    tweet_id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in a listing. `id` is the position; `user_id` is the person whose block would hide it from a viewer."""

    id: int
    tweet_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Which tweet an idempotency key of its author stands for, and a digest of what was to be published."""

    tweet_id: int
    content: bytes


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key as it is kept; `at` is when its tweet was published."""

    author_id: int
    key: str
    kept: Kept
    at: int


@dataclass(frozen=True, slots=True)
class ImportedTweet:
    """A tweet from elsewhere. Without an `id` it gets one made from the rest, the same each time.

    `deleted` imports the tombstone of a thread: its text is not read. Without a `lang` it gets that of its text.
    """

    author_id: int
    text: str
    created_at: int
    id: int | None = None
    in_reply_to_id: int | None = None
    quoted_id: int | None = None
    deleted: bool = False
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedEdge:
    """A like, retweet or bookmark from elsewhere. Without an `id` it gets one made from the rest, the same each time."""

    user_id: int
    tweet_id: int
    at: int
    id: int | None = None
