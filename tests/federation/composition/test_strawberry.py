"""Subgraphs as Strawberry exports them compose, and the result is a schema."""

import enum

import strawberry
from graphql import GraphQLEnumType, GraphQLObjectType, build_schema, print_type

from gateway.federation.composition import SubgraphSdl, compose


@strawberry.enum
class Status(enum.Enum):
    DRAFT = "DRAFT"
    LIVE = "LIVE"


@strawberry.input
class Filter:
    status: Status = Status.LIVE
    limit: int = 10


@strawberry.federation.type(keys=["id", "handle"], description="Who writes.")
class User:
    id: strawberry.ID
    handle: str
    name: str | None = strawberry.federation.field(shareable=True, tags=["public"])

    @strawberry.field(deprecation_reason="Use name.")
    def display_name(self, limit: int = 3) -> str:
        return f"{self.name}{limit}"


@strawberry.type
class UsersQuery:
    @strawberry.field
    def me(self, filter: Filter | None = None) -> User | None:
        return User(id=strawberry.ID("1"), handle="x", name=None) if filter else None


@strawberry.federation.type(keys=["id"], name="User")
class Author:
    id: strawberry.ID
    posts: list[str]


@strawberry.type
class PostsQuery:
    @strawberry.field
    def author(self, id: strawberry.ID) -> Author:
        return Author(id=id, posts=[])


@strawberry.type
class Mutation:
    @strawberry.mutation
    def publish(self, text: str) -> Author:
        return Author(id=strawberry.ID("1"), posts=[text])


def strawberry_subgraphs() -> list[SubgraphSdl]:
    users = strawberry.federation.Schema(query=UsersQuery)
    posts = strawberry.federation.Schema(query=PostsQuery, mutation=Mutation)
    return [
        SubgraphSdl("users", "http://users/graphql", users.as_str()),
        SubgraphSdl("posts", "http://posts/graphql", posts.as_str()),
    ]


def test_strawberry_subgraphs_compose_to_one_schema() -> None:
    schema = build_schema(compose(strawberry_subgraphs()))

    user = schema.type_map["User"]
    assert isinstance(user, GraphQLObjectType)
    assert user.description == "Who writes."
    assert set(user.fields) == {"id", "handle", "name", "displayName", "posts"}
    assert user.fields["displayName"].deprecation_reason == "Use name."
    assert "displayName(limit: Int! = 3): String!" in print_type(user)
    assert isinstance(schema.type_map["Status"], GraphQLEnumType)
    assert schema.query_type and set(schema.query_type.fields) == {"me", "author"}
    assert schema.mutation_type and set(schema.mutation_type.fields) == {"publish"}


def test_the_order_of_subgraphs_does_not_change_a_byte() -> None:
    subgraphs = strawberry_subgraphs()

    assert compose(subgraphs) == compose(reversed(subgraphs))


def test_root_types_are_merged_under_their_default_names() -> None:
    sdl = compose(strawberry_subgraphs())

    assert "UsersQuery" not in sdl
    assert "me(filter: Filter = null): User @join__field(graph: USERS)" in sdl
