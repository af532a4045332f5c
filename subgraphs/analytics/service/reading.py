"""Who may see which counts, and in which buckets."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from murmur.clock import Clock, to_iso
from murmur.errors import BadUserInput
from subgraphs.analytics.model import (
    DAY_MS,
    DAYS_KEPT,
    HOURS_KEPT_DAYS,
    PLATFORM_OWNERS,
    Bucket,
    Counts,
    Kind,
    Span,
    Subject,
    day_of,
)
from subgraphs.analytics.ports import AnalyticsStore, Tweets

MAX_BUCKETS = 1_000
MAX_TOGETHER = 5_000
"""Buckets of all tweets that are asked for at once."""
NEWEST_BUCKETS: Mapping[Bucket, int] = {Bucket.HOUR: 48, Bucket.DAY: 28}
"""How many buckets of a tweet are shown when nothing says from when on."""
_KEPT_DAYS: Mapping[Bucket, int] = {Bucket.HOUR: HOURS_KEPT_DAYS, Bucket.DAY: DAYS_KEPT}


@dataclass(frozen=True, slots=True)
class Report:
    """`series` has the buckets in which there was anything; `total` is their sum where nothing else is said."""

    span: Span
    total: Counts
    series: Mapping[int, Counts]

    @property
    def buckets(self) -> Iterator[tuple[int, Counts]]:
        """The start and the counts of each bucket of the span, in their order."""
        return ((start, self.series.get(start, {})) for start in self.span.starts)


class AnalyticsService:
    """Counts are shown to whose they are and to nobody else: who asks for another's gets nothing, and is not told why."""

    def __init__(self, store: AnalyticsStore, tweets: Tweets, clock: Clock) -> None:
        self._store = store
        self._tweets = tweets
        self._clock = clock

    async def of_person(self, viewer_id: int | None, user_id: int, start: int, end: int, bucket: Bucket) -> Report | None:
        """Raises BadUserInput for a span that can't be told of, whoever asks."""
        span = self._span(bucket, start, end)
        if viewer_id != user_id:
            return None
        subject = Subject(user_id)
        return _report(span, (await self._store.series([subject], span)).get(subject, {}))

    async def of_tweets(
        self, viewer_id: int | None, tweet_ids: Collection[int], start: int | None, end: int | None, bucket: Bucket
    ) -> Mapping[int, Report]:
        """Those of the tweets that the viewer has written, deleted ones included. Three calls, whatever their number.

        Without `end` until now, without `start` the NEWEST_BUCKETS; without both, `total` is of all time. Raises BadUserInput.
        """
        until = self._clock() + 1 if end is None else end
        newest = until + -until % bucket.ms - NEWEST_BUCKETS[bucket] * bucket.ms
        span = self._span(bucket, newest if start is None else start, until)
        if viewer_id is None:
            return {}
        authors = await self._tweets.authors_of(tweet_ids)
        subjects = {id_: Subject(viewer_id, id_) for id_ in tweet_ids if authors.get(id_) == viewer_id}
        if not subjects:
            return {}
        if (together := len(subjects) * len(span.starts)) > MAX_TOGETHER:
            raise BadUserInput(f"{together} buckets of {len(subjects)} tweets are too many: {MAX_TOGETHER} fit in an answer")
        series = await self._store.series(subjects.values(), span)
        reports = {id_: _report(span, series.get(subject, {})) for id_, subject in subjects.items()}
        if start is None and end is None:
            totals = await self._store.totals(subjects.values())
            reports = {id_: Report(span, totals.get(subjects[id_], {}), one.series) for id_, one in reports.items()}
        return reports

    async def of_platform(self, start: int, end: int, bucket: Bucket) -> Report:
        """The platform as a whole; who calls has made sure that an admin asks. Raises BadUserInput."""
        span = self._span(bucket, start, end)
        buckets: dict[int, Counter[Kind]] = {}
        for series in (await self._store.series([Subject(owner) for owner in PLATFORM_OWNERS], span)).values():
            for begin, counts in series.items():
                buckets.setdefault(begin, Counter()).update(counts)
        return _report(span, buckets)

    def _span(self, bucket: Bucket, start: int, end: int) -> Span:
        span = Span(bucket, start - start % bucket.ms, end + -end % bucket.ms)
        kept = day_of(self._clock()) - _KEPT_DAYS[bucket] * DAY_MS
        if start >= end:
            raise BadUserInput(f"from {to_iso(start)} to {to_iso(end)} is no time: `to` comes after `from`")
        if span.start < kept:
            raise BadUserInput(f"{bucket.name} buckets are kept for {_KEPT_DAYS[bucket]} days: ask from {to_iso(kept)} on")
        if len(span.starts) > MAX_BUCKETS:
            raise BadUserInput(f"{len(span.starts)} {bucket.name} buckets are too many: {MAX_BUCKETS} fit in an answer")
        return span


def _report(span: Span, series: Mapping[int, Counts]) -> Report:
    total: Counter[Kind] = Counter()
    for counts in series.values():
        total.update(counts)
    return Report(span, total, series)
