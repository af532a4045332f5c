"""What a request costs the stores does not depend on how much it shows."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from murmur.broker.wiring import open_broker
from murmur.clock import wall_clock
from murmur.identity import TokenSigner
from murmur.ids import Snowflakes
from murmur.pubsub.memory import MemoryPubSub
from murmur.roles.gateway import open_gateway
from murmur.roles.rooms import Rooms
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics
from subgraphs.analytics import wiring as analytics_wiring
from subgraphs.notifications import wiring as notifications_wiring
from subgraphs.search import wiring as search_wiring
from subgraphs.timelines import wiring as timelines_wiring
from subgraphs.tweets import wiring as tweets_wiring
from subgraphs.users import wiring as users_wiring
from subgraphs.users.model import SignInLimits
from subgraphs.users.service.passwords import PasswordCost
from tests.support.city import City, Person, cheap_settings, door_of
from tests.support.square import Counting

_AUTHORS = 60
_HOME = """query ($first: Int) { homeTimeline(first: $first) {
  nodes {
    retweetedBy { handle name viewerFollows }
    tweet {
      id text createdAt likeCount retweetCount replyCount quoteCount viewerLiked viewerRetweeted viewerBookmarked
      author { handle name followerCount viewerFollows viewerMutes tweetCount }
      entities { mentions { handle user { name } } hashtags { tag } links { url } }
      inReplyTo { text author { handle } }
      quoted { text author { handle } entities { mentions { user { handle } } } }
      ancestors { id author { name } }
      replies(first: 3) { nodes { text author { handle } } }
      likedBy(first: 3) { nodes { handle } }
    }
  }
  pageInfo { endCursor hasNextPage }
} }"""
_FOLLOWERS = """query ($id: ID!, $first: Int) { user(id: $id) { followers(first: $first) { nodes {
  handle followerCount viewerFollows followsViewer viewerBlocks tweetCount
  tweets(first: 2) { nodes { text likeCount } } followers(first: 2) { nodes { handle } }
} } } }"""
_TIMELINES = """query ($id: ID!, $first: Int) { user(id: $id) { followers(first: $first) { nodes {
  timeline(first: 2) { nodes { tweet { text author { handle } } retweetedBy { handle } } }
} } } }"""


@dataclass
class _Counted:
    city: City
    calls: Mapping[str, Counter[str]]

    async def cost(self, viewer: Person, document: str, **variables: object) -> Mapping[str, Counter[str]]:
        for counter in self.calls.values():
            counter.clear()
        await viewer.ask(document, **variables)
        return {port: Counter(counter) for port, counter in self.calls.items()}


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[_Counted]:
    """The rooms and a gateway over them, with every call at a store counted, whoever makes it."""
    settings = cheap_settings(tmp_path)
    ids, metrics = Snowflakes(1), Metrics()
    async with AsyncExitStack() as stack:
        users_store, tweets_store = users_wiring.open_store("sqlite:", tmp_path), tweets_wiring.open_store("sqlite:", tmp_path)
        timelines_store = timelines_wiring.open_store("memory:", tmp_path)
        notifications_store = notifications_wiring.open_store("sqlite:", tmp_path)
        analytics_store, broker = analytics_wiring.open_store("sqlite:", tmp_path), open_broker("sqlite:", tmp_path)
        index = search_wiring.open_index("tantivy:", tmp_path)
        trends = search_wiring.open_trends("sqlite:", tmp_path)
        sessions = users_wiring.open_sessions("sqlite:", tmp_path)
        rest = (notifications_store, index, trends, sessions, analytics_store, broker)
        for store in (users_store, tweets_store, timelines_store, *rest):
            stack.push_async_callback(store.close)
        users, tweets, timelines = Counting(users_store), Counting(tweets_store), Counting(timelines_store)
        rooms = Rooms(
            users_wiring.build(
                users,  # pyright: ignore[reportArgumentType] (it passes calls on)
                sessions=sessions,
                tokens=TokenSigner(Ed25519PrivateKey.generate(), "access", 900),
                throttle=users_wiring.open_throttle("memory:", SignInLimits(None, None, None)),
                password_cost=PasswordCost(1, 8, 1),
                ids=ids,
                clock=wall_clock,
            ),
            tweets_wiring.build(tweets, users, ids, wall_clock),  # pyright: ignore[reportArgumentType] (as above)
            timelines_wiring.build(
                timelines,  # pyright: ignore[reportArgumentType] (as above)
                graph=users,  # pyright: ignore[reportArgumentType] (as above)
                posts=tweets,  # pyright: ignore[reportArgumentType] (as above)
                pubsub=MemoryPubSub(),
                metrics=metrics,
            ),
            notifications_wiring.build(notifications_store, people=users_store, pubsub=MemoryPubSub(), clock=wall_clock),
            search_wiring.build(index, trends, tweets=tweets_store, people=users_store),
            analytics_wiring.build(analytics_store, tweets=tweets_store, log=broker, ids=ids, clock=wall_clock),
            TokenSigner(Ed25519PrivateKey.generate(), "identity", 60),
        )
        gateway = await stack.enter_async_context(open_gateway(rooms, settings, metrics, Health()))
        calls = {"users": users.calls, "tweets": tweets.calls, "timelines": timelines.calls}
        yield _Counted(City(door_of(gateway.app)), calls)


async def _settle(counted: _Counted) -> Person:
    """Somebody whose timeline is of many authors, each entry with all that an entry can have."""
    viewer, friend, *authors = await counted.city.people("viewer", "friend", *(f"author_{number}" for number in range(_AUTHORS)))
    await viewer.follow(friend)
    for number, author in enumerate(authors):
        await author.follow(viewer)
        claim = await author.tweet(f"claim {number} of @friend")
        tweet = await author.tweet(f"@viewer #tag https://example.org/{number}", inReplyTo=claim, quotes=claim)
        await viewer.tweet("so", inReplyTo=tweet)
        await friend.engage("like", tweet)
        if number % 2:
            await friend.engage("retweet", tweet)
        else:
            await viewer.follow(author)
    return viewer


async def test_a_home_timeline_costs_as_many_store_calls_with_5_entries_as_with_50(counted: _Counted) -> None:
    viewer = await _settle(counted)
    # The first read builds the timeline, and the first document is planned.
    await viewer.ask(_HOME, first=1)
    few, many = await counted.cost(viewer, _HOME, first=5), await counted.cost(viewer, _HOME, first=50)
    assert len((await viewer.ask(_HOME, first=50))["homeTimeline"]["nodes"]) == 50
    assert few == many
    assert sum(counter.total() for counter in many.values()) <= 20


@pytest.mark.parametrize("document", [_FOLLOWERS, _TIMELINES], ids=["their tweets", "their timelines"])
async def test_a_list_of_people_costs_as_many_store_calls_with_5_as_with_50(counted: _Counted, document: str) -> None:
    viewer = await _settle(counted)
    few = await counted.cost(viewer, document, id=viewer.id, first=5)
    many = await counted.cost(viewer, document, id=viewer.id, first=50)
    assert few == many
