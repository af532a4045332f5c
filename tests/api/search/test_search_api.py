"""Search through the public API of a whole platform."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from murmur.roles.up import Platform
from tests.support.city import City, Person, founded
from tests.support.waiting import until

SEARCH = """query ($query: String!, $type: SearchType = TWEETS, $order: SearchOrder = RELEVANCE, $first: Int, $after: String) {
  search(query: $query, type: $type, order: $order, first: $first, after: $after) {
    nodes { __typename ... on Tweet { id text likeCount author { handle } } ... on User { handle name } }
    edges { cursor }
    pageInfo { endCursor hasNextPage hasPreviousPage }
  }
}"""
TAG = """query ($tag: String!, $first: Int, $after: String) {
  hashtag(tag: $tag) { timeline(first: $first, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }
}"""


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncGenerator[tuple[City, Platform]]:
    async with founded(tmp_path) as platform:
        yield platform


@pytest.fixture
async def city(platform: tuple[City, Platform]) -> City:
    return platform[0]


async def search(person: Person, query: str, **variables: object) -> list[dict[str, Any]]:
    return (await person.ask(SEARCH, query=query, **variables))["search"]["nodes"]


async def texts(person: Person, query: str, **variables: object) -> list[str]:
    return [node["text"] for node in await search(person, query, **variables)]


async def finds(person: Person, query: str, expected: list[str], **variables: object) -> None:
    """Wait until a search finds these texts."""

    async def same() -> bool:
        return await texts(person, query, **variables) == expected

    await until(same, 15)


async def test_a_tweet_is_found_soon_and_never_after_its_deletion(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("a timeline of #Swallows")
    await finds(bea, "timelin", ["a timeline of #Swallows"])
    [found] = await search(bea, "#swallows from:ADA")
    assert (found["__typename"], found["id"], found["author"]["handle"]) == ("Tweet", tweet, "ada")
    await ada.engage("deleteTweet", tweet)
    assert await search(bea, "timelin") == []
    assert (await bea.ask(TAG, tag="swallows"))["hashtag"]["timeline"]["nodes"] == []


async def test_counts_and_replies_are_indexed(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("like this")
    await bea.tweet("liked, see https://example.com", inReplyTo=tweet)
    await bea.engage("like", tweet)
    await bea.engage("retweet", tweet)
    await finds(ada, "min_likes:1 min_retweets:1", ["like this"])
    await finds(ada, "to:ada is:reply has:links", ["liked, see https://example.com"])
    await bea.engage("unlike", tweet)
    await finds(ada, "min_likes:1", [])


async def test_tweets_are_found_by_the_language_that_their_text_is_in(city: City) -> None:
    [ada] = await city.people("ada")
    tweet = await ada.tweet("schon wieder den Zug verpasst, @ada")
    await ada.tweet("missed the train again, @ada")
    await finds(ada, "@ada lang:de", ["schon wieder den Zug verpasst, @ada"])
    await finds(ada, "@ada -lang:DE", ["missed the train again, @ada"])
    assert (await ada.ask("query ($id: ID!) { tweet(id: $id) { lang } }", id=tweet))["tweet"]["lang"] == "de"


async def test_a_block_hides_both_from_each_other_and_from_nobody_else(city: City) -> None:
    ada, bea, cleo = await city.people("ada", "bea", "cleo")
    await ada.tweet("hello from ada")
    await bea.tweet("hello from bea")
    await finds(cleo, "hello", ["hello from bea", "hello from ada"])
    await ada.relate("block", bea)
    assert await texts(ada, "hello") == ["hello from ada"]
    assert await texts(bea, "hello") == ["hello from bea"]
    assert len(await search(cleo, "hello")) == 2
    assert await search(ada, "bea", type="USERS") == []
    assert len(await search(cleo, "bea", type="USERS")) == 1
    await cleo.relate("mute", bea)
    assert len(await search(cleo, "hello")) == 2


async def test_people_and_tweets_are_found_together(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    await bea.tweet("I know ada")

    async def all_three() -> bool:
        return len(await search(bea, "ada", type="ALL")) == 2 and len(await search(bea, "@ada", type="USERS")) == 1

    await until(all_three, 15)
    assert {node["__typename"] for node in await search(ada, "ada", type="ALL", order="LATEST")} == {"Tweet", "User"}
    assert {node["__typename"] for node in await search(ada, "ada from:bea", type="ALL")} == {"Tweet"}
    assert await search(ada, "from:bea", type="USERS") == []


@pytest.mark.parametrize("order", ["RELEVANCE", "LATEST"])
async def test_pages_repeat_and_skip_nothing_while_people_write_and_delete(city: City, order: str) -> None:
    ada, bea = await city.people("ada", "bea")
    ids = [await ada.tweet(f"timeline{'s' * (number % 2)} number {number}") for number in range(11)]

    async def indexed() -> bool:
        return len(await search(bea, "timeline", first=100)) == len(ids)

    await until(indexed, 15)
    loose = [id_ for number, id_ in enumerate(ids) if number % 2][::-1]
    exact = [id_ for number, id_ in enumerate(ids) if not number % 2][::-1]
    expected = [*exact, *loose] if order == "RELEVANCE" else ids[::-1]
    seen: list[str] = []
    after = None
    for page in range(10):
        found = (await bea.ask(SEARCH, query="timeline", order=order, first=3, after=after))["search"]
        assert found["pageInfo"]["hasPreviousPage"] is (page > 0)
        seen += [node["id"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
        if page == 0:
            for other in (seen[0], expected[-1]):
                await ada.engage("deleteTweet", other)
            expected.pop()
        newest = await bea.tweet("a timeline written meanwhile")
        await finds(ada, "from:bea since:2020-01-01 written #nothing OR meanwhile", ["a timeline written meanwhile"] * (page + 1))
        assert newest not in seen
    assert seen == expected


async def test_a_query_that_cannot_be_read_is_told_where_it_goes_wrong(city: City) -> None:
    [ada] = await city.people("ada")
    response = await ada.run(SEARCH, query='cats "two dogs')
    assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "at character 6" in response["errors"][0]["message"]
    for variables in ({"query": "x" * 513}, {"query": ""}, {"query": "x", "first": 101}, {"query": "x", "after": "x"}):
        assert await ada.codes(SEARCH, **variables) == ["BAD_USER_INPUT"]
    await ada.tweet("cats")
    await finds(ada, "cats", ["cats"])
    cursor = (await ada.ask(SEARCH, query="cats"))["search"]["pageInfo"]["endCursor"]
    assert await ada.codes(SEARCH, query="dogs", after=cursor) == ["BAD_USER_INPUT"]


async def test_a_hashtag_has_a_timeline(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    ids = [await author.tweet(f"number {number} of #Größe") for number, author in enumerate([ada, bea, ada, bea])]
    await ada.tweet("größe without a sign")
    await finds(ada, "größe -#größe", ["größe without a sign"])
    assert await bea.entries(TAG, 3, tag="#GRÖSSE".replace("SS", "ß")) == [{"id": id_} for id_ in reversed(ids)]
    await bea.relate("block", ada)
    assert await bea.entries(TAG, 1, tag="größe") == [{"id": ids[3]}, {"id": ids[1]}]
    linked = "query ($id: ID!) { tweet(id: $id) { entities { hashtags { hashtag { tag timeline { nodes { id } } } } } } }"
    [use] = (await bea.ask(linked, id=ids[3]))["tweet"]["entities"]["hashtags"]
    assert use["hashtag"] == {"tag": "größe", "timeline": {"nodes": [{"id": ids[3]}, {"id": ids[1]}]}}
    assert await bea.entries(TAG, 1, tag="gro\u0308ße") == [{"id": ids[3]}, {"id": ids[1]}]
    for nothing in ("two words", "a-b", "1", "#", "x" * 101):
        assert await bea.ask(TAG, tag=nothing) == {"hashtag": None}


async def test_many_search_while_many_post(city: City) -> None:
    people = await city.people("ada", "bea", "cleo")
    await asyncio.gather(*(person.tweet(f"busy {number}") for number in range(20) for person in people))

    async def all_found() -> bool:
        found = await asyncio.gather(*(search(person, "busy", first=100) for person in people))
        return all(len(nodes) == 60 for nodes in found)

    await until(all_found, 15)
