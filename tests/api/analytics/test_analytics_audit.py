"""The audit of analytics: nothing to tell of a platform that was used, and each count that is off."""

from pathlib import Path

from murmur.audit.analytics import audit_analytics
from murmur.audit.finding import Finding
from murmur.clock import wall_clock
from murmur.roles.up import Platform
from subgraphs.analytics.model import Kind, Mark, hour_of
from tests.support.analytics_stores import at_rest
from tests.support.city import founded


async def findings(platform: Platform) -> list[Finding]:
    rooms = platform.rooms
    return [each async for each in audit_analytics(rooms.analytics.store, rooms.users.store, rooms.tweets.store)]


async def test_a_platform_that_was_used_is_sound_and_counts_that_are_off_are_told(tmp_path: Path) -> None:
    async with founded(tmp_path) as (city, platform):
        ada, bea, cleo = await city.people("ada", "bea", "cleo")
        tweet, gone = await ada.tweet("stays"), await ada.tweet("goes")
        for person in (bea, cleo):
            await person.follow(ada)
            for verb in ("like", "retweet"):
                await person.engage(verb, tweet)
                await person.engage(verb, gone)
        await bea.engage("unlike", tweet)
        await bea.engage("undoRetweet", tweet)
        await ada.engage("deleteTweet", gone)
        await ada.relate("block", cleo)
        await at_rest(tmp_path)
        assert await findings(platform) == []
        now = wall_clock()
        marks = [
            Mark(int(ada.id), kind, hour_of(now), 1, about)
            for kind, about in ((Kind.LIKE, int(tweet)), (Kind.UNRETWEET, int(tweet)), (Kind.FOLLOW, 0))
        ]
        await platform.rooms.analytics.store.add(marks, now)
        assert [(each.check, each.subject, each.by) for each in await findings(platform)] == [
            ("likes in analytics", f"tweet {tweet}", 1),
            ("retweets in analytics", f"tweet {tweet}", -1),
            ("followers in analytics", f"user {ada.id}", 1),
        ]
