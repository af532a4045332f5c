"""The rules of search: how queries are read, what is indexed, and what is shown to whom."""

from subgraphs.search.service.find import SearchService
from subgraphs.search.service.indexing import Indexer
from subgraphs.search.service.parse import parse
from subgraphs.search.service.trends import TrendRanker, Trends

__all__ = ["Indexer", "SearchService", "TrendRanker", "Trends", "parse"]
