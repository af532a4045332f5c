"""Which hashtags rise: against their own past, and not because they are merely large.

A person's use of a hashtag counts once an hour. For a window that began `e` periods ago (hours for the window of an hour, days
for the others) and in which a hashtag was used `n` times, its score is

    (2·√(n + 3e/8) - √e·m) / max(1, s)

where m and s are the mean and the standard deviation of 2·√(x + 3/8) over the uses x of each period before the window. Counts of
what people do each for themselves are Poisson, and that root makes their deviation 1 whatever their mean (F. J. Anscombe, "The
transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948). So the score is a z-score: in deviations,
and alike for small and large hashtags; s lowers it where a hashtag swings by itself, as one of every morning does. To judge a
count against a Poisson model of the hashtag's own past is from S. Hendrickson and others, "Trend detection in social data",
Twitter, 2015. docs/decisions/0017-trends.md tells what was rejected.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from math import sqrt

from murmur.clock import Clock
from murmur.events import AnyEvent, TweetDeleted, TweetPublished
from murmur.ids import first_id_at, id_time
from subgraphs.search.model import Board, Ranked, Tagged, TrendWindow
from subgraphs.search.ports import People, TrendStore, Tweets

HOUR_MS = 3_600_000
_DAY = 24
_DAY_MS = _DAY * HOUR_MS
_HOURS: Mapping[TrendWindow, int] = {TrendWindow.HOUR: 1, TrendWindow.DAY: _DAY, TrendWindow.WEEK: 7 * _DAY}
_PAST_HOURS, _PAST_DAYS = 7 * _DAY, 28
# The longest window, and the past before it, with a day to spare.
_KEPT_HOURS, _KEPT_DAYS = 9 * _DAY, 37
_KNOWN_MS = 8 * _DAY_MS
"""For how long it is known who used what: longer than any window, and what is heard later than that after its time is left out,
because it can't be told whether it was heard before."""
_LEAST_SCORE = 1.0
_CANDIDATES, _ROWS = 2_000, 200
_BATCH = 500
_NONE = 2 * sqrt(3 / 8)


class Trends:
    """What is shown. `forbids` tells which hashtags are prohibited now, whatever was allowed when they rose."""

    def __init__(self, store: TrendStore, clock: Clock, forbids: Callable[[str], bool]) -> None:
        self._store = store
        self._clock = clock
        self._forbids = forbids

    async def top(self, window: TrendWindow, limit: int) -> Sequence[Ranked]:
        """The hashtags that rise most, the steepest first. None when nobody has looked for as long as the window is."""
        board = await self._store.board(window)
        if board is None or board.at < self._clock() - _HOURS[window] * HOUR_MS:
            return ()
        shown: list[Ranked] = []
        for row in board.rows:
            if len(shown) == limit:
                break
            if not self._forbids(row.tag):
                shown.append(row)
        return shown


class TrendRanker:
    """Counts what happens, and ranks it from time to time. A trend takes `least_people` people or more."""

    def __init__(
        self, store: TrendStore, people: People, clock: Clock, *, least_people: int, forbids: Callable[[str], bool]
    ) -> None:
        self._store = store
        self._people = people
        self._clock = clock
        self._least_people = least_people
        self._forbids = forbids

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Take in what happened; hearing it again, or in another order, changes nothing."""
        oldest = self._clock() - _KNOWN_MS
        published = [event for event in events if isinstance(event, TweetPublished) and event.hashtags and event.at > oldest]
        deleted = [event for event in events if isinstance(event, TweetDeleted) and event.at > oldest]
        if published:
            tweets = [_tagged(event.tweet_id, event.author_id, event.hashtags) for event in published]
            await self._count(tweets, max(event.at for event in published) + _KNOWN_MS)
        if deleted:
            until = max(event.at for event in deleted) + _KNOWN_MS
            await self._store.remove([event.tweet_id for event in deleted], until)

    async def rank(self, window: TrendWindow) -> Board:
        """Look at all that was counted, and keep what rises for whoever asks."""
        now = self._clock()
        hour = now // HOUR_MS
        start = hour - _HOURS[window]
        span = range(start, hour + 1)
        used = await self._store.used(span, self._least_people, _CANDIDATES)
        since = await self._store.since() or 0
        if window is TrendWindow.HOUR:
            elapsed = now / HOUR_MS - start
            periods = range(max(start - _PAST_HOURS, since), start)
            past = await self._store.past(used, periods) if used and periods else {}
        else:
            elapsed = (now / HOUR_MS - start) / _DAY
            periods = range(max(start // _DAY - _PAST_DAYS, since // _DAY), start // _DAY)
            past = await self._store.past_days(used, periods) if used and periods else {}
        scores = {tag: score(uses, elapsed, past.get(tag, {}), len(periods)) for tag, uses in used.items()}
        rising = [tag for tag in used if scores[tag] >= _LEAST_SCORE and not self._forbids(tag)]
        rising.sort(key=lambda tag: (-scores[tag], tag))
        rows = await self._of_several({tag: used[tag] for tag in rising[: 2 * _ROWS]}, span)
        board = Board(now, tuple(rows[:_ROWS]))
        await self._store.set_board(window, board)
        return board

    async def rank_all(self) -> None:
        """Rank every window."""
        for window in TrendWindow:
            await self.rank(window)

    async def tidy(self) -> None:
        """Let old detail go."""
        hour = self._clock() // HOUR_MS
        await self._store.tidy(hour - _KEPT_HOURS, hour // _DAY - _KEPT_DAYS)

    async def rebuild(self, tweets: Tweets) -> AsyncGenerator[int]:
        """Count anew from the tweets, beside whatever is published; yields how many were read, a batch at a time."""
        await self._store.clear()
        now = self._clock()
        above = first_id_at(now - _KEPT_DAYS * _DAY_MS)
        while page := await tweets.all_tweets(above, _BATCH):
            above = page[-1].id
            used = [_tagged(each.id, each.author_id, [span.value for span in each.entities.hashtags]) for each in page]
            await self._count([tweet for tweet in used if tweet.tags], now + _KNOWN_MS)
            yield len(page)

    async def _count(self, tweets: Sequence[Tagged], until: int) -> None:
        """Those of people who ask not to be public do not count."""
        if tweets:
            people = await self._people.users({tweet.person_id for tweet in tweets})
            protected = {person.id for person in people.values() if person.protected}
            await self._store.add([tweet for tweet in tweets if tweet.person_id not in protected], until)

    async def _of_several(self, used: Mapping[str, int], span: range) -> list[Ranked]:
        """Without the hashtags of too few people. Each counts at most once an hour, so only rare ones need a look."""
        rare = [tag for tag, uses in used.items() if uses <= (self._least_people - 1) * len(span)]
        several = await self._store.used_by(rare, span, self._least_people) if rare else frozenset()
        few = set(rare) - several
        return [Ranked(tag, uses) for tag, uses in used.items() if tag not in few]


def score(uses: int, elapsed: float, past: Mapping[int, int], periods: int) -> float:
    """By the formula above. `past` has how many of the `periods` had how many uses; those that it lacks had none."""
    without = max(0, periods - sum(past.values()))
    roots, squares = without * _NONE, without * 1.5
    for count, times in past.items():
        roots += times * 2 * sqrt(count + 3 / 8)
        squares += times * (4 * count + 1.5)
    mean = roots / periods if periods else _NONE
    deviation = sqrt(max(0.0, squares / periods - mean * mean)) if periods else 0.0
    return (2 * sqrt(uses + 3 / 8 * elapsed) - sqrt(elapsed) * mean) / max(1.0, deviation)


def _tagged(tweet_id: int, person_id: int, tags: Collection[str]) -> Tagged:
    return Tagged(tweet_id, person_id, id_time(tweet_id) // HOUR_MS, tuple(dict.fromkeys(tag.lower() for tag in tags)))
