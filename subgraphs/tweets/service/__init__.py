"""The rules of tweets, split by verb."""

from subgraphs.tweets.service.engage import Engaging
from subgraphs.tweets.service.follow import Following
from subgraphs.tweets.service.publish import Publishing
from subgraphs.tweets.service.read import Reading
from subgraphs.tweets.service.transfer import Transferring

__all__ = ["TweetService"]


class TweetService(Publishing, Engaging, Reading, Following, Transferring):
    """Everything that can be done with tweets. A viewer's id is None for an anonymous request."""
