"""How long a search takes beside the engine called alone, and how fast documents are indexed: the embedded profile's stores."""

import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time

import tantivy
import uvloop
from tantivy import Occur, Order

from benchmarks.report import check, line, ms, title
from murmur.clock import wall_clock
from murmur.events import TweetPublished, UserSignedUp
from murmur.ids import MAX_ID, IdSource, Snowflakes
from subgraphs.search.model import Grade, Kind
from subgraphs.search.service import Indexer, SearchService, parse
from subgraphs.search.stores.tantivy import TantivyIndex
from subgraphs.tweets.model import Tweet
from subgraphs.tweets.stores.sqlite import SqliteTweetStore
from subgraphs.users.model import User
from subgraphs.users.stores.sqlite import SqliteUsers

_BATCH = 2_000
_PAGE = 20


async def measure(tweets: int, searches: int, posts: int) -> None:
    rng, ids, now = random.Random(7), Snowflakes(0), wall_clock()
    vocabulary = sorted({"".join(rng.choices("aeioubcdlmnrst", k=rng.randint(3, 10))) for _ in range(5_000)})
    weights = [1 / (rank + 5) for rank in range(len(vocabulary))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        users, store = SqliteUsers(path / "users.db"), SqliteTweetStore(path / "tweets.db")
        index = TantivyIndex(path / "search")
        people = [User(ids(), f"u{number}", f"U{number}", None, None, None, None, now) for number in range(100)]
        await users.add_users(
            [(user, UserSignedUp(id=ids(), at=now, user_id=user.id, handle=user.handle, name=user.name)) for user in people]
        )
        rows = [Tweet(ids(), rng.choice(people).id, now, " ".join(rng.choices(vocabulary, weights, k=12))) for _ in range(tweets)]
        for start in range(0, tweets, _BATCH):
            await store.import_tweets(rows[start : start + _BATCH], frozenset(), _told)
        indexer = Indexer(index, store, users)
        started = perf_counter()
        for start in range(0, tweets, _BATCH):
            await indexer.index_tweets([tweet.id for tweet in rows[start : start + _BATCH]])
        took = perf_counter() - started
        title(f"{tweets:,} tweets of 12 words, words by a power law")
        line("indexed", f"{tweets / took:,.0f} /s", f"in batches of {_BATCH}, from the stores to the commit")
        queries = [" ".join(rng.choices(vocabulary, weights, k=rng.randint(1, 2))) for _ in range(searches)]
        service = SearchService(index, store, users)
        viewer = people[0].id

        async def relevant(query: str) -> int:
            found = await service.search(viewer, parse(query), (Kind.TWEET,), (Grade.EXACT, Grade.LOOSE), None, _PAGE)
            return len(found.items)

        async def latest(query: str) -> int:
            return len((await service.search(viewer, parse(query), (Kind.TWEET,), (None,), None, _PAGE)).items)

        alone, alone_cpu = await _timed(_engine(path / "search" / "1"), queries)
        for name, call in (("by relevance", relevant), ("newest first", latest)):
            taken, cpu = await _timed(call, queries)
            for share in (50, 99):
                ours, theirs = (times[len(times) * share // 100] for times in (taken, alone))
                line(f"{name}, p{share}", ms(ours), f"{ours / theirs:.1f} times tantivy alone, newest first: {ms(theirs)}")
            line(f"{name}, CPU", ms(cpu), f"{cpu / alone_cpu:.1f} times tantivy alone: {ms(alone_cpu)}")
        lags = sorted([await _lag(indexer, index, store, ids, people[0].id) for _ in range(posts)])
        line("from the post to its being found, p99", ms(lags[len(lags) * 99 // 100]), "the indexer hears of it at once")
        check(await latest(queries[0]) > 0, "a search finds what was indexed")
        await index.close()
        await store.close()
        await users.close()


def _told(tweet: Tweet, _answered: int | None, _quoted: int | None) -> TweetPublished:
    return TweetPublished(id=tweet.id, at=tweet.created_at, tweet_id=tweet.id, author_id=tweet.author_id, text=tweet.text)


def _engine(folder: Path) -> Callable[[str], Awaitable[int]]:
    """The same search by the library's own call, in the caller's thread."""
    index = tantivy.Index.open(str(folder))
    schema, searcher = index.schema, index.searcher()

    async def call(query: str) -> int:
        words = query.split()
        parts = [
            tantivy.Query.fuzzy_term_query(schema, "text", word, (len(word) >= 5) + (len(word) >= 9), prefix=word is words[-1])
            for word in words
        ]
        wanted = tantivy.Query.boolean_query([(Occur.Must, part) for part in parts])
        return len(searcher.search(wanted, _PAGE + 1, count=False, order_by_field="id", order=Order.Desc).hits)

    return call


async def _lag(indexer: Indexer, index: TantivyIndex, store: SqliteTweetStore, ids: IdSource, author_id: int) -> float:
    """Seconds from an acknowledged post until a search finds it."""
    tweet = Tweet(ids(), author_id, wall_clock(), f"unheard{ids()}")
    await store.publish(tweet, None, b"", _told)
    started = perf_counter()
    await indexer.index_tweets([tweet.id])
    hits = await index.find(Kind.TWEET, parse(tweet.text), [None], MAX_ID + 1, 1)
    took = perf_counter() - started
    if [hit.id for hit in hits] != [tweet.id]:
        raise RuntimeError("what was posted is not found")
    return took


async def _timed(call: Callable[[str], Awaitable[int]], queries: Sequence[str]) -> tuple[list[float], float]:
    """Seconds of each, sorted, and CPU seconds of each in the mean. Each is asked twice, and the second time measured."""
    times: list[float] = []
    for query in queries:
        await call(query)
    cpu = process_time()
    for query in queries:
        started = perf_counter()
        await call(query)
        times.append(perf_counter() - started)
    return sorted(times), (process_time() - cpu) / len(queries)


def main() -> None:
    uvloop.run(measure(tweets=100_000, searches=1_000, posts=100))
