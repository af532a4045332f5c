"""What stands in a timeline: a tweet of its author, or somebody's retweet of it."""

import msgspec


class Post(msgspec.Struct, frozen=True, gc=False):
    """`id` is its position in timelines: the tweet's own id, or for a retweet the retweet's.

    `author_id` wrote the tweet; `user_id` posted it: the author, or who retweeted.
    """

    id: int
    tweet_id: int
    author_id: int
    user_id: int
