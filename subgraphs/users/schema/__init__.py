"""The users subgraph's GraphQL: types in, service calls out."""

from strawberry.federation import Schema

from murmur.runtime.subgraph import federated_schema
from subgraphs.users.schema.mutations import Mutation
from subgraphs.users.schema.queries import Query
from subgraphs.users.schema.types import UsersContext


def build_schema() -> Schema:
    """The executable schema; what it runs on comes with each request's `UsersContext`."""
    return federated_schema(Query, Mutation)


__all__ = ["UsersContext", "build_schema"]
