"""The timelines subgraph as the gateway sees it."""

from collections import Counter
from typing import Any

import pytest

from murmur.identity import Caller, Viewer
from murmur.pubsub.memory import MemoryPubSub
from murmur.runtime.subgraph import Subgraph
from subgraphs.timelines.schema import TimelinesContext, build_schema
from subgraphs.timelines.service import HomeWatch
from tests.support.small_world import SmallWorld

ME, ANN, BOB = 1, 2, 3
ANONYMOUS = Caller(None)
HOME = """
query Home($first: Int, $after: String, $last: Int, $before: String) {
  homeTimeline(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { tweet { id } retweetedBy { id } } }
    nodes { tweet { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
USERS = """
query Users($people: [_Any!]!, $first: Int, $after: String) {
  _entities(representations: $people) {
    ... on User { id timeline(first: $first, after: $after) { nodes { tweet { id } retweetedBy { id } } pageInfo { endCursor } } }
  }
}
"""


class Api:
    def __init__(self) -> None:
        self.world = SmallWorld()
        self.world.people.follow(ME, ANN, BOB)
        service = self.world.service
        watch = HomeWatch(service, MemoryPubSub())
        self._subgraph = Subgraph("timelines", build_schema(), lambda caller: TimelinesContext(caller, service, watch))

    async def ask(self, document: str, viewer_id: int | None = ME, **variables: object) -> dict[str, Any]:
        caller = ANONYMOUS if viewer_id is None else Caller(Viewer(viewer_id, "session"))
        return await self._subgraph.execute(document, variables, None, caller)

    async def home(self, **variables: object) -> dict[str, Any]:
        answer = await self.ask(HOME, **variables)
        assert "errors" not in answer
        return answer["data"]["homeTimeline"]


@pytest.fixture
def api() -> Api:
    return Api()


async def test_a_home_timeline_has_tweets_and_who_retweeted_them(api: Api):
    tweet, _ = api.world.tweet(ANN)
    foreign, _ = api.world.tweet(9)
    api.world.retweet(BOB, foreign)
    home = await api.home()
    assert [edge["node"] for edge in home["edges"]] == [
        {"tweet": {"id": str(foreign.id)}, "retweetedBy": {"id": str(BOB)}},
        {"tweet": {"id": str(tweet.id)}, "retweetedBy": None},
    ]
    assert home["nodes"] == [{"tweet": {"id": str(foreign.id)}}, {"tweet": {"id": str(tweet.id)}}]
    assert home["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": home["edges"][0]["cursor"],
        "endCursor": home["edges"][1]["cursor"],
    }


async def test_an_empty_timeline_is_an_empty_page(api: Api):
    home = await api.home()
    assert home["edges"] == home["nodes"] == []
    assert home["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


async def test_cursors_lead_through_the_list_in_both_directions(api: Api):
    ids = [str(api.world.tweet(ANN)[0].id) for _ in range(25)][::-1]
    first = await api.home(first=10)
    second = await api.home(first=10, after=first["pageInfo"]["endCursor"])
    third = await api.home(first=10, after=second["pageInfo"]["endCursor"])
    assert [node["tweet"]["id"] for page in (first, second, third) for node in page["nodes"]] == ids
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second, third)] == [True, True, False]
    back = await api.home(last=10, before=third["pageInfo"]["startCursor"])
    assert back["nodes"] == second["nodes"]


async def test_an_anonymous_viewer_must_sign_in_for_a_home_timeline(api: Api):
    answer = await api.ask(HOME, None)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("arguments", [{"first": 0}, {"first": 101}, {"last": -1}, {"first": 1, "last": 1}, {"after": "x"}])
async def test_bad_arguments_are_bad_user_input(api: Api, arguments: dict[str, object]):
    answer = await api.ask(HOME, **arguments)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_cursor_of_a_user_timeline_is_none_of_the_home_timeline(api: Api):
    api.world.tweet(ANN)
    people = [{"__typename": "User", "id": str(ANN)}]
    answer = await api.ask(USERS, people=people)
    cursor = answer["data"]["_entities"][0]["timeline"]["pageInfo"]["endCursor"]
    assert (await api.ask(HOME, after=cursor))["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "errors" not in await api.ask(USERS, people=people, after=cursor)


async def test_everybody_may_read_the_timelines_of_people(api: Api):
    tweet, _ = api.world.tweet(ANN)
    api.world.retweet(BOB, tweet)
    people = [{"__typename": "User", "id": str(person)} for person in (ANN, BOB, 404)]
    for viewer_id in (None, ME):
        answer = await api.ask(USERS, viewer_id, people=people)
        assert [person["timeline"]["nodes"] for person in answer["data"]["_entities"]] == [
            [{"tweet": {"id": str(tweet.id)}, "retweetedBy": None}],
            [{"tweet": {"id": str(tweet.id)}, "retweetedBy": {"id": str(BOB)}}],
            [],
        ]


async def test_an_id_that_is_none_is_bad_user_input(api: Api):
    answer = await api.ask(USERS, people=[{"__typename": "User", "id": "ann"}])
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_home_timeline_costs_the_same_store_calls_whatever_its_length(api: Api):
    world = api.world
    for _ in range(60):
        world.retweet(BOB, world.tweet(ANN)[0])
        world.tweet(BOB)
    await api.home()
    costs: list[Counter[str]] = []
    for size in (5, 50):
        for watched in (world.timelines, world.graph, world.posts):
            watched.calls.clear()
        assert len((await api.home(first=size))["nodes"]) == size
        costs.append(Counter(world.timelines.calls + world.graph.calls + world.posts.calls))
    assert costs[0] == costs[1] == {"read": 1, "relations": 1, "standing": 1}


def test_every_type_field_and_argument_is_described():
    schema = build_schema()._schema
    for name in ("Query", "User", "Tweet", "TimelineEntry", "TimelineEdge", "TimelineConnection", "PageInfo"):
        described = schema.type_map[name]
        assert name == "Query" or described.description
        for field_name, field in described.fields.items():
            assert field_name.startswith("_") or field.description, (name, field_name)
            assert field_name.startswith("_") or all(argument.description for argument in field.args.values())
