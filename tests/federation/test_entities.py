"""Planning and executing over entities with keys."""

from typing import Any

import pytest

from gateway.federation.engine import Engine, RequestRefused

from .doubles import Recorder, ask, engine, plan, supergraph_sdl

SDL = supergraph_sdl(
    "users tweets stats",
    """
    type Query @join__type(graph: USERS) @join__type(graph: TWEETS) @join__type(graph: STATS) {
      users: [User!]! @join__field(graph: USERS)
      user(id: ID!): User @join__field(graph: USERS)
      timeline: [Entry!] @join__field(graph: TWEETS)
    }
    type Mutation @join__type(graph: USERS) @join__type(graph: TWEETS) {
      rename(id: ID!, name: String!): User @join__field(graph: USERS)
      post(text: String!): Tweet @join__field(graph: TWEETS)
    }
    type User
      @join__type(graph: USERS, key: "id")
      @join__type(graph: TWEETS, key: "id")
      @join__type(graph: STATS, key: "handle")
      @join__type(graph: USERS, key: "handle")
    {
      id: ID! @join__field(graph: USERS) @join__field(graph: TWEETS)
      handle: String! @join__field(graph: USERS) @join__field(graph: STATS)
      name: String @join__field(graph: USERS)
      tweets(first: Int = 10): [Tweet!]! @join__field(graph: TWEETS)
      rank: Int @join__field(graph: STATS)
    }
    type Tweet @join__type(graph: TWEETS, key: "id") {
      id: ID!
      text: String!
      author: User!
    }
    interface Entry @join__type(graph: TWEETS) { tweet: Tweet! }
    type Post implements Entry @join__type(graph: TWEETS) @join__implements(graph: TWEETS, interface: "Entry") { tweet: Tweet! }
    type Retweet implements Entry @join__type(graph: TWEETS) @join__implements(graph: TWEETS, interface: "Entry") {
      tweet: Tweet!
      by: User!
    }
    """,
)

USERS: dict[str, dict[str, Any]] = {
    "1": {"id": "1", "handle": "ada", "name": "Ada"},
    "2": {"id": "2", "handle": "bob", "name": None},
}
TWEETS: dict[str, dict[str, Any]] = {
    "10": {"id": "10", "text": "hello", "author": {"id": "1"}},
    "11": {"id": "11", "text": "world", "author": {"id": "2"}},
    "12": {"id": "12", "text": "again", "author": {"id": "1"}},
}


class Community:
    def __init__(self, **options: Any) -> None:
        self.log: list[str] = []
        self.users = Recorder(
            """
            type Query { users: [User!]! user(id: ID!): User }
            type Mutation { rename(id: ID!, name: String!): User }
            type User @key(fields: "id") { id: ID! handle: String! name: String }
            """,
            {
                "users": list(USERS.values()),
                "user": lambda _info, **given: USERS.get(given["id"]),
                "rename": self._rename,
            },
            {
                "User": lambda r: (
                    USERS.get(r["id"]) if "id" in r else next(u for u in USERS.values() if u["handle"] == r["handle"])
                )
            },
        )
        self.tweets = Recorder(
            """
            type Query { timeline: [Entry!] }
            type Mutation { post(text: String!): Tweet }
            type User @key(fields: "id") { id: ID! tweets(first: Int = 10): [Tweet!]! }
            type Tweet @key(fields: "id") { id: ID! text: String! author: User! }
            interface Entry { tweet: Tweet! }
            type Post implements Entry { tweet: Tweet! }
            type Retweet implements Entry { tweet: Tweet! by: User! }
            """,
            {
                "timeline": [
                    {"__typename": "Post", "tweet": TWEETS["10"]},
                    {"__typename": "Retweet", "tweet": TWEETS["11"], "by": {"id": "1"}},
                    {"__typename": "Post", "tweet": TWEETS["12"]},
                ],
                "post": self._post,
            },
            {
                "User": lambda r: {
                    "id": r["id"],
                    "tweets": lambda _info, first: [t for t in TWEETS.values() if t["author"]["id"] == r["id"]][:first],
                },
                "Tweet": lambda r: TWEETS.get(r["id"]),
            },
        )
        self.stats = Recorder(
            'type User @key(fields: "handle") { handle: String! rank: Int }',
            entities={"User": lambda r: {"handle": r["handle"], "rank": len(r["handle"])}},
        )
        self.engine: Engine = engine(SDL, users=self.users, tweets=self.tweets, stats=self.stats, **options)

    def _rename(self, _info: object, id: str, name: str) -> dict[str, Any]:
        self.log.append(f"rename {name}")
        return {**USERS[id], "name": name}

    def _post(self, _info: object, text: str) -> dict[str, Any]:
        self.log.append(f"post {text}")
        return {"id": "99", "text": text, "author": {"id": "1"}}


@pytest.fixture
def community() -> Community:
    return Community()


async def test_fields_of_one_type_come_from_several_subgraphs(community: Community) -> None:
    response = await ask(community.engine, "{ users { name tweets(first: 1) { text } rank } }")
    assert response == {
        "data": {
            "users": [
                {"name": "Ada", "tweets": [{"text": "hello"}], "rank": 3},
                {"name": None, "tweets": [{"text": "world"}], "rank": 3},
            ]
        }
    }


def test_independent_fetches_stand_beside_each_other(community: Community) -> None:
    assert plan(community.engine, "{ users { name tweets(first: 1) { text } rank } }") == (
        """QueryPlan {
  Sequence {
    Fetch(service: "users") {
      {
        users {
          name
          id
          handle
        }
      }
    },
    Parallel {
      Flatten(path: "users.@") {
        Fetch(service: "tweets") {
          ... on User { id }
          =>
          {
            ... on User {
              tweets(first: 1) {
                text
              }
            }
          }
        }
      },
      Flatten(path: "users.@") {
        Fetch(service: "stats") {
          ... on User { handle }
          =>
          {
            ... on User {
              rank
            }
          }
        }
      },
    },
  }
}"""
    )


async def test_a_second_key_is_reached_through_the_first(community: Community) -> None:
    response = await ask(community.engine, "{ timeline { tweet { author { rank } } } }")
    assert [entry["tweet"]["author"]["rank"] for entry in response["data"]["timeline"]] == [3, 3, 3]
    assert [len(each.requests) for each in (community.tweets, community.users, community.stats)] == [1, 1, 1]


async def test_equal_representations_are_sent_once(community: Community) -> None:
    response = await ask(community.engine, "{ timeline { tweet { author { name } } ... on Retweet { by { name } } } }")
    assert response["data"]["timeline"][1] == {"tweet": {"author": {"name": None}}, "by": {"name": "Ada"}}
    assert all(len(r.variables["representations"]) <= 2 for r in community.users.requests)  # pyright: ignore


async def test_aliases_never_reach_keys(community: Community) -> None:
    response = await ask(community.engine, "{ users { id: name name: id handle: name again: name tweets { id: text } } }")
    assert response["data"]["users"][0] == {
        "id": "Ada",
        "name": "1",
        "handle": "Ada",
        "again": "Ada",
        "tweets": [{"id": "hello"}, {"id": "again"}],
    }


async def test_one_field_with_two_arguments(community: Community) -> None:
    response = await ask(community.engine, "{ users { one: tweets(first: 1) { text } all: tweets { text } } }")
    assert [len(response["data"]["users"][0][name]) for name in ("one", "all")] == [1, 2]


async def test_a_key_under_a_directive_that_drops_it_is_still_fetched(community: Community) -> None:
    response = await ask(
        community.engine,
        "query($no: Boolean!) { users { id @skip(if: true) handle @include(if: $no) tweets(first: 1) { text } rank } }",
        {"no": False},
    )
    assert response["data"]["users"][0] == {"tweets": [{"text": "hello"}], "rank": 3}


async def test_a_fetch_that_only_skipped_fields_need_is_not_sent(community: Community) -> None:
    document = "query($with: Boolean = false) { users { name tweets @include(if: $with) { text } } }"
    assert (await ask(community.engine, document))["data"]["users"][0] == {"name": "Ada"}
    assert community.tweets.requests == []
    assert "tweets" in (await ask(community.engine, document, {"with": True}))["data"]["users"][0]
    assert [request.variables.keys() for request in community.tweets.requests] == [{"representations"}]


async def test_where_all_is_skipped_the_answer_is_empty(community: Community) -> None:
    response = await ask(community.engine, "query($no: Boolean!) { users @include(if: $no) { id } }", {"no": False})
    assert response == {"data": {}}
    assert community.users.requests == []


async def test_typename_is_answered_by_any_alias(community: Community) -> None:
    response = await ask(
        community.engine, "{ __typename q: __typename timeline { __typename t: __typename } users { t: __typename } }"
    )
    assert response["data"]["q"] == response["data"]["__typename"] == "Query"
    assert response["data"]["timeline"][1] == {"__typename": "Retweet", "t": "Retweet"}
    assert response["data"]["users"][0] == {"t": "User"}
    assert await ask(community.engine, "{ __typename }") == {"data": {"__typename": "Query"}}


async def test_named_fragments_and_nested_conditions_on_types(community: Community) -> None:
    response = await ask(
        community.engine,
        """
        query { timeline { ...entry } }
        fragment entry on Entry { tweet { ...text } ... on Retweet { by { ... on User { name } } } }
        fragment text on Tweet { text author { handle } }
        """,
    )
    assert response["data"]["timeline"][1] == {"tweet": {"text": "world", "author": {"handle": "bob"}}, "by": {"name": "Ada"}}


async def test_variables_are_passed_only_where_used(community: Community) -> None:
    await ask(
        community.engine,
        "query($id: ID!, $first: Int = 1) { user(id: $id) { name tweets(first: $first) { text } } }",
        {"id": "1", "unknown": 1},
    )
    assert community.users.requests[0].variables == {"id": "1"}
    assert community.tweets.requests[0].variables["first"] == 1
    assert community.tweets.requests[0].variables.keys() == {"first", "representations"}


async def test_mutations_run_in_order_and_each_once(community: Community) -> None:
    response = await ask(
        community.engine,
        """
        mutation {
          a: rename(id: "1", name: "A") { name tweets(first: 1) { text } }
          b: post(text: "one") { author { name } }
          c: post(text: "two") { text }
          e: post(text: "two") { author { name } }
          f: post(text: "three") { text }
          d: rename(id: "1", name: "D") { name }
        }
        """,
    )
    assert community.log == ["rename A", "post one", "post two", "post two", "post three", "rename D"]
    assert response["data"]["a"] == {"name": "A", "tweets": [{"text": "hello"}]}
    assert response["data"]["b"] == {"author": {"name": "Ada"}}
    assert [*response["data"]] == ["a", "b", "c", "e", "f", "d"]


async def test_a_subgraph_that_is_down_is_an_error_where_it_was_needed(community: Community) -> None:
    community.stats.down = True
    response = await ask(community.engine, "{ users { name position: rank } }")
    assert response["data"]["users"][0] == {"name": "Ada", "position": None}
    assert response["errors"] == [
        {"message": "connection refused", "path": ["users", index, "position"], "extensions": {"code": "UNAVAILABLE"}}
        for index in range(2)
    ]


async def test_null_propagates_to_the_nearest_nullable_parent(community: Community) -> None:
    community.users.down = True
    response = await ask(community.engine, "{ timeline { tweet { author { handle } } } }")
    assert response["data"] == {"timeline": None}
    assert {tuple(error["path"]) for error in response["errors"]} == {
        ("timeline", index, "tweet", "author", "handle") for index in range(3)
    }


async def test_an_entity_that_is_null_leaves_nulls(community: Community) -> None:
    community.users.entities["User"] = lambda _r: None
    response = await ask(community.engine, "{ timeline { tweet { text author { name } } } }")
    assert response["data"]["timeline"][0]["tweet"] == {"text": "hello", "author": {"name": None}}
    assert "errors" not in response


async def test_an_error_in_an_entity_is_told_at_every_place_that_asked(community: Community) -> None:
    def fail(r: dict[str, Any]) -> object:
        if r["id"] == "1":
            raise ValueError("no such luck")
        return USERS[r["id"]]["name"]

    community.users.entities["User"] = lambda r: {"name": lambda _info: fail(r), "id": r["id"]}
    response = await ask(community.engine, "{ timeline { tweet { author { label: name } } } }")
    paths = [error["path"] for error in response["errors"]]
    assert paths == [["timeline", 0, "tweet", "author", "label"], ["timeline", 2, "tweet", "author", "label"]]


async def test_introspection_is_answered_at_home(community: Community) -> None:
    response = await ask(
        community.engine,
        '{ s: __schema { queryType { name } } users { name } __type(name: "Tweet") { fields { name } } }',
    )
    assert response["data"]["s"] == {"queryType": {"name": "Query"}}
    assert [field["name"] for field in response["data"]["__type"]["fields"]] == ["id", "text", "author"]
    assert [*response["data"]] == ["s", "users", "__type"]
    assert "join__" not in str(await ask(community.engine, "{ __schema { types { name } directives { name } } }"))


async def test_wrong_variables_answer_without_data(community: Community) -> None:
    response = await ask(community.engine, "query($id: ID!) { user(id: $id) { name } }", {})
    assert "data" not in response
    assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ users {", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nobody }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ users { x: name x: id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "BAD_USER_INPUT"),
        ("fragment f on User { id }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_refusals_carry_their_code(community: Community, document: str, code: str) -> None:
    for _ in range(2):
        with pytest.raises(RequestRefused) as refused:
            community.engine.prepare(document)
        assert refused.value.errors[0]["extensions"] == {"code": code}


def test_a_prepared_operation_is_kept(community: Community) -> None:
    document = "query A { users { id } } query B { users { name } }"
    assert community.engine.prepare(document, "A") is community.engine.prepare(document, "A")
    assert community.engine.prepare(document, "B") is not community.engine.prepare(document, "A")
