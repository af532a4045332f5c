"""GraphQL in, service calls out: no rule and no I/O here."""

from strawberry.federation import Schema

from murmur.runtime.subgraph import federated_schema
from subgraphs.tweets.schema.context import TweetsContext
from subgraphs.tweets.schema.operations import Mutation, Query

__all__ = ["TweetsContext", "build_schema"]


def build_schema() -> Schema:
    return federated_schema(Query, Mutation)
