"""Which index a URL names, and the room built on it."""

from dataclasses import dataclass
from pathlib import Path

from murmur.clock import Clock, wall_clock
from murmur.errors import UnknownScheme
from murmur.prohibited import ProhibitedContent, load_prohibited
from murmur.runtime.subgraph import Subgraph
from murmur.sqlite import path_of
from murmur.urls import MONGODB_SCHEMES
from subgraphs.search.ports import People, SearchIndex, TrendStore, Tweets
from subgraphs.search.schema import SearchContext, build_schema
from subgraphs.search.service import SearchService, TrendRanker, Trends


@dataclass(frozen=True, slots=True)
class SearchRoom:
    subgraph: Subgraph
    service: SearchService
    index: SearchIndex
    trends: Trends


def open_index(url: str, data_dir: Path) -> SearchIndex:
    """The index that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    scheme, _, rest = url.partition(":")
    if scheme == "tantivy":
        from subgraphs.search.stores.tantivy import TantivyIndex

        path = rest.removeprefix("//")
        return TantivyIndex(Path(path) if path else data_dir / "search")
    if scheme in ("meilisearch", "meilisearch+https"):
        from subgraphs.search.stores.meilisearch import MeilisearchIndex

        return MeilisearchIndex(url)
    raise UnknownScheme("search index", url, "tantivy", "meilisearch", "meilisearch+https")


def open_trends(url: str, data_dir: Path) -> TrendStore:
    """The trend store that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        from subgraphs.search.stores.trends_sqlite import SqliteTrendStore

        return SqliteTrendStore(path_of(url, data_dir, "trends"))
    if scheme in MONGODB_SCHEMES:
        from subgraphs.search.stores.trends_mongodb import MongoTrendStore

        return MongoTrendStore(url)
    raise UnknownScheme("trend store", url, "sqlite", *MONGODB_SCHEMES)


def build_ranker(
    store: TrendStore, people: People, *, least_people: int, prohibited: Path | None = None, clock: Clock = wall_clock
) -> TrendRanker:
    """What the worker of trends does. `prohibited` is the rules file of prohibited content. Raises StartupError."""
    return TrendRanker(store, people, clock, least_people=least_people, forbids=_rules(prohibited).forbids)


def build(
    index: SearchIndex,
    trends: TrendStore,
    *,
    tweets: Tweets,
    people: People,
    prohibited: Path | None = None,
    clock: Clock = wall_clock,
) -> SearchRoom:
    """The room on what it is given; whoever opened the stores closes them. `prohibited` is the rules file of prohibited
    content, read once. Raises StartupError."""
    service = SearchService(index, tweets, people)
    rising = Trends(trends, clock, _rules(prohibited).forbids)
    subgraph = Subgraph("search", build_schema(), lambda caller: SearchContext(caller, service, rising))
    return SearchRoom(subgraph, service, index, rising)


def _rules(prohibited: Path | None) -> ProhibitedContent:
    return ProhibitedContent((), ()) if prohibited is None else load_prohibited(prohibited)
