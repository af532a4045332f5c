"""The public API: each name that clients rely on is there, and everything is described."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

_SCHEMA = Path(__file__).parents[3] / "schema" / "api.graphql"
_PAGE = "first: Int, after: String, last: Int, before: String"

# Type, field with arguments, type of the field.
OUTLINE = f"""
Query.me: User
Query.user(id: ID, handle: String): User
Query.users(ids: [ID!]!): [User]!
Query.suggestions(first: Int): [User!]!
Query.tweet(id: ID!): Tweet
Query.tweets(ids: [ID!]!): [Tweet]!
Query.bookmarks({_PAGE}): TweetConnection!
Query.homeTimeline({_PAGE}): TimelineConnection!
User.id: ID!
User.handle: String!
User.name: String!
User.bio: String
User.location: String
User.website: URL
User.avatarUrl: URL
User.createdAt: DateTime!
User.verified: Boolean!
User.protected: Boolean!
User.followerCount: Int!
User.followingCount: Int!
User.followers({_PAGE}): UserConnection!
User.following({_PAGE}): UserConnection!
User.viewerFollows: Boolean!
User.followsViewer: Boolean!
User.viewerBlocks: Boolean!
User.viewerMutes: Boolean!
User.tweetCount: Int!
User.tweets({_PAGE}): TweetConnection!
User.replies({_PAGE}): TweetConnection!
User.likes({_PAGE}): TweetConnection!
User.timeline({_PAGE}): TimelineConnection!
Tweet.id: ID!
Tweet.text: String!
Tweet.createdAt: DateTime!
Tweet.author: User!
Tweet.lang: String
Tweet.entities: TweetEntities!
Tweet.inReplyTo: Tweet
Tweet.quoted: Tweet
Tweet.ancestors: [Tweet!]!
Tweet.replies({_PAGE}): TweetConnection!
Tweet.likeCount: Int!
Tweet.retweetCount: Int!
Tweet.replyCount: Int!
Tweet.quoteCount: Int!
Tweet.viewerLiked: Boolean!
Tweet.viewerRetweeted: Boolean!
Tweet.viewerBookmarked: Boolean!
Tweet.likedBy(first: Int, after: String): UserConnection!
Tweet.retweetedBy(first: Int, after: String): UserConnection!
Tweet.deleted: Boolean!
TweetEntities.mentions: [Mention!]!
TweetEntities.hashtags: [HashtagUse!]!
TweetEntities.links: [Link!]!
Mention.handle: String!
Mention.start: Int!
Mention.end: Int!
Mention.user: User
HashtagUse.tag: String!
HashtagUse.start: Int!
HashtagUse.end: Int!
Link.url: String!
Link.start: Int!
Link.end: Int!
TimelineEntry.tweet: Tweet!
TimelineEntry.retweetedBy: User
UserError.code: UserErrorCode!
UserError.message: String!
UserError.field: [String!]
Mutation.signUp(input: SignUpInput!): SessionPayload!
Mutation.signIn(input: SignInInput!): SessionPayload!
Mutation.refreshSession(refreshToken: String!): SessionPayload!
Mutation.signOut(refreshToken: String!): SignOutPayload!
Mutation.changePassword(input: ChangePasswordInput!): SessionPayload!
Mutation.updateProfile(input: UpdateProfileInput!): UserPayload!
Mutation.follow(userId: ID!): UserPayload!
Mutation.unfollow(userId: ID!): UserPayload!
Mutation.block(userId: ID!): UserPayload!
Mutation.unblock(userId: ID!): UserPayload!
Mutation.mute(userId: ID!): UserPayload!
Mutation.unmute(userId: ID!): UserPayload!
Mutation.createTweet(input: CreateTweetInput!): TweetPayload!
Mutation.deleteTweet(id: ID!): TweetPayload!
Mutation.like(tweetId: ID!): TweetPayload!
Mutation.unlike(tweetId: ID!): TweetPayload!
Mutation.retweet(tweetId: ID!): TweetPayload!
Mutation.undoRetweet(tweetId: ID!): TweetPayload!
Mutation.bookmark(tweetId: ID!): TweetPayload!
Mutation.unbookmark(tweetId: ID!): TweetPayload!
SessionPayload.user: User
SessionPayload.accessToken: String
SessionPayload.refreshToken: String
SessionPayload.expiresAt: DateTime
SessionPayload.userErrors: [UserError!]!
SignOutPayload.userErrors: [UserError!]!
UserPayload.user: User
UserPayload.userErrors: [UserError!]!
TweetPayload.tweet: Tweet
TweetPayload.userErrors: [UserError!]!
PageInfo.hasNextPage: Boolean!
PageInfo.hasPreviousPage: Boolean!
PageInfo.startCursor: String
PageInfo.endCursor: String
"""
INPUTS = {
    "SignUpInput": {"handle": "String!", "password": "String!", "name": "String!", "email": "String"},
    "SignInInput": {"handle": "String!", "password": "String!"},
    "ChangePasswordInput": {"currentPassword": "String!", "newPassword": "String!"},
    "UpdateProfileInput": dict.fromkeys(("name", "bio", "location", "website", "avatarUrl"), "String"),
    "CreateTweetInput": {"text": "String!", "inReplyTo": "ID", "quotes": "ID", "idempotencyKey": "String"},
}


@pytest.fixture(scope="module")
def api() -> GraphQLSchema:
    return build_schema(_SCHEMA.read_text())


@pytest.mark.parametrize("line", OUTLINE.split("\n")[1:-1])
def test_the_outlines_fields_have_their_names_arguments_and_types(api: GraphQLSchema, line: str) -> None:
    place, type_ = line.rsplit(": ", 1) if "(" not in line else (line[: line.index(")") + 1], line[line.index(")") + 3 :])
    name, _, arguments = place.partition("(")
    owner, field_name = name.split(".")
    found = api.type_map[owner]
    assert isinstance(found, GraphQLObjectType)
    field = found.fields[field_name]
    assert str(field.type) == type_
    expected = dict(pair.split(": ") for pair in arguments.rstrip(")").split(", ") if pair)
    assert {argument: str(value.type) for argument, value in field.args.items()} == expected


@pytest.mark.parametrize("name", INPUTS)
def test_the_outlines_inputs_have_their_names_and_types(api: GraphQLSchema, name: str) -> None:
    found = api.type_map[name]
    assert isinstance(found, GraphQLInputObjectType)
    assert {field: str(value.type) for field, value in found.fields.items()} == INPUTS[name]


@pytest.mark.parametrize("node", ["User", "Tweet", "Timeline"])
def test_every_connection_has_edges_nodes_and_a_page_info(api: GraphQLSchema, node: str) -> None:
    shown = "TimelineEntry" if node == "Timeline" else node
    connection, edge = api.type_map[f"{node}Connection"], api.type_map[f"{node}Edge"]
    assert isinstance(connection, GraphQLObjectType) and isinstance(edge, GraphQLObjectType)
    assert {name: str(field.type) for name, field in connection.fields.items()} == {
        "edges": f"[{node}Edge!]!",
        "nodes": f"[{shown}!]!",
        "pageInfo": "PageInfo!",
    }
    assert {name: str(field.type) for name, field in edge.fields.items()} == {"cursor": "String!", "node": f"{shown}!"}


def test_suggestions_are_ten_where_nothing_is_said() -> None:
    assert "first: Int = 10" in _SCHEMA.read_text().partition("suggestions(")[2].partition(")")[0]


def test_every_type_field_argument_and_value_has_a_description(api: GraphQLSchema) -> None:
    missing: list[str] = []
    for name, type_ in api.type_map.items():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        places: dict[str, str | None] = {name: type_.description}
        if isinstance(type_, GraphQLEnumType):
            places |= {f"{name}.{value}": found.description for value, found in type_.values.items()}
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in type_.fields.items():
                places[f"{name}.{field_name}"] = field.description
                for argument, found in getattr(field, "args", {}).items():
                    places[f"{name}.{field_name}({argument})"] = found.description
        missing += [place for place, text in places.items() if not (text or "").strip()]
    assert missing == []
