"""Trends through the public API of a whole platform."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.city import City, Person, founded
from tests.support.waiting import until

TRENDS = """query ($window: TrendWindow = HOUR, $first: Int = 10) {
  trends(window: $window, first: $first) { rank tweetCount hashtag { tag timeline { nodes { text } } } }
}"""


@pytest.fixture
async def city(tmp_path: Path) -> AsyncGenerator[City]:
    async with founded(tmp_path) as (city, _):
        yield city


async def tags(person: Person, **variables: object) -> list[tuple[int, str, int]]:
    found = (await person.ask(TRENDS, **variables))["trends"]
    return [(trend["rank"], trend["hashtag"]["tag"], trend["tweetCount"]) for trend in found]


async def test_what_several_people_speak_of_trends_and_leads_to_its_tweets(city: City) -> None:
    people = await city.people("ada", "bea", "cleo", "dan")
    for person in people:
        await person.tweet("look, #Swallows")
        await person.tweet("again #swallows")
    ids = [await person.tweet("and #rain") for person in people[:3]]
    for _ in range(5):
        await people[0].tweet("#buy #me")

    async def everywhere(*expected: str) -> bool:
        found = [await tags(city.nobody, window=window) for window in ("HOUR", "DAY", "WEEK")]
        # Where an hour ends meanwhile, each of them counts in both.
        assert all(count <= 8 for trends in found for _, _, count in trends)
        return all([(rank, tag) for rank, tag, _ in trends] == list(enumerate(expected, 1)) for trends in found)

    await until(lambda: everywhere("swallows", "rain"), 20)
    assert [tag for _, tag, _ in await tags(city.nobody, first=1)] == ["swallows"]
    [first, _] = (await people[1].ask(TRENDS))["trends"]
    assert len(first["hashtag"]["timeline"]["nodes"]) == 8
    await people[0].engage("deleteTweet", ids[0])
    await until(lambda: everywhere("swallows"), 20)


@pytest.mark.parametrize("first", [0, 101, -1])
async def test_as_many_as_can_be_asked_for(city: City, first: int) -> None:
    [error] = (await city.nobody.run(TRENDS, first=first))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "100" in error["message"]


async def test_on_an_empty_platform_nothing_trends(city: City) -> None:
    assert await tags(city.nobody) == []
