"""Counts made again from the event log, in whatever order and however often its events come."""

import asyncio
import random
from pathlib import Path

from murmur.clock import wall_clock
from murmur.events import decode_event
from murmur.roles.recounting import recount
from murmur.roles.up import Platform
from subgraphs.analytics.model import PLATFORM_OWNERS, Kind, StoredDay, Subject
from subgraphs.analytics.ports import AnalyticsStore
from subgraphs.analytics.service import Counting
from subgraphs.analytics.wiring import open_store
from tests.support.analytics_stores import at_rest
from tests.support.city import City, Person, cheap_settings, founded

_RECORD = "mutation ($input: RecordImpressionsInput!) { recordImpressions(input: $input) { accepted } }"


async def kept(store: AnalyticsStore) -> list[StoredDay]:
    """All but what processes tell of themselves."""
    return [day for day in await store.days_after((min(PLATFORM_OWNERS) - 1, 0, 0), 10_000) if day.owner_id > 0]


async def lived(city: City, folder: Path) -> list[Person]:
    """Do things that leave counts, and wait until everything is counted."""
    dice = random.Random(3)
    people = list(await city.people(*(f"person_{number}" for number in range(6))))
    tweets = [await person.tweet(f"tweet {number}") for number in range(3) for person in people]
    for person in people:
        others = [other for other in people if other is not person]
        for other in others:
            # Who blocked them is not followed.
            await person.relate("follow", other)
        await person.relate("unfollow", others[0])
        await person.relate("block", others[1])
        for tweet in dice.sample(tweets, 6):
            for verb in ("like", "retweet", "unlike", "undoRetweet")[: dice.randint(1, 4)]:
                await person.run(f'mutation {{ {verb}(tweetId: "{tweet}") {{ userErrors {{ code }} }} }}')
        for batch in ("a", "b", "a"):
            seen = {"tweetIds": dice.sample(tweets, 8), "profileIds": [other.id for other in others]}
            await person.ask(_RECORD, input={"batchId": batch, **seen})
    await at_rest(folder)
    return people


async def followers(platform: Platform, people: list[Person], store: AnalyticsStore) -> None:
    """What was gained without what was lost is what there is."""
    ids = [int(person.id) for person in people]
    totals = await store.totals([Subject(id_) for id_ in ids])
    net = {id_: totals[Subject(id_)].get(Kind.FOLLOW, 0) - totals[Subject(id_)].get(Kind.UNFOLLOW, 0) for id_ in ids}
    assert net == await platform.rooms.users.store.follower_counts(ids)
    assert any(net.values())


async def test_events_in_any_order_and_number_come_to_the_same_counts(tmp_path: Path) -> None:
    async with founded(tmp_path / "data") as (city, platform):
        people = await lived(city, tmp_path / "data")
        rooms = platform.rooms
        expected = await kept(rooms.analytics.store)
        assert sum(len(day.counts) for day in expected) > 50
        events = [decode_event(record.value) for record in await platform.broker.after({}, 10_000)]
        for seed in range(3):
            dice = random.Random(seed)
            told = [*events, *dice.choices(events, k=len(events))]
            dice.shuffle(told)
            store = open_store("sqlite:", tmp_path / str(seed))
            # Two that share the work, as members of the group do while they are told anew who has what.
            members = [Counting(store, rooms.tweets.store, rooms.users.store, wall_clock) for _ in range(2)]
            while told:
                parts = [[told.pop() for _ in range(min(len(told), dice.randint(1, 40)))] for _ in members]
                await asyncio.gather(*(member.hear(part) for member, part in zip(members, parts, strict=True)))
            assert await kept(store) == expected
            await followers(platform, people, store)
            await store.close()


async def test_a_store_that_was_lost_is_counted_again_from_the_log_and_what_is_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with founded(folder) as (city, platform):
        people = await lived(city, folder)
        expected = await kept(platform.rooms.analytics.store)
    for lost in (True, False):
        if lost:
            for file in folder.glob("analytics.db*"):
                file.unlink()
        assert sum([heard async for heard in recount(cheap_settings(folder))]) > 50
        async with founded(folder) as (_, platform):
            assert await kept(platform.rooms.analytics.store) == expected
            await followers(platform, people, platform.rooms.analytics.store)
