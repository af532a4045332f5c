"""GraphQL in, service calls out: no rule and no I/O here."""

from collections.abc import Callable

from strawberry.federation import Schema

from murmur.identity import Caller
from murmur.runtime.subgraph import federated_schema
from subgraphs.tweets.schema.context import TweetsContext
from subgraphs.tweets.schema.operations import Mutation, Query, Subscription
from subgraphs.tweets.schema.types import Tweet
from subgraphs.tweets.service import TweetService


def build_schema() -> Schema:
    return federated_schema(Query, Mutation, subscription=Subscription)


def context_of(service: TweetService) -> Callable[[Caller], TweetsContext[Tweet]]:
    """What makes the context of a request."""
    return lambda caller: TweetsContext(caller, service, Tweet.of)
