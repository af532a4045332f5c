"""The search index in Meilisearch.

`meilisearch://[:KEY@]host[:port][?prefix=NAME]` is a server, `meilisearch+https://` one over TLS. `prefix` begins the names of
its indexes, so that several platforms can share one server.
"""

from collections.abc import Awaitable, Collection, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from httpx2 import HTTPError
from meilisearch_python_sdk import AsyncClient
from meilisearch_python_sdk.errors import MeilisearchApiError, MeilisearchError
from meilisearch_python_sdk.models.search import SearchParams
from meilisearch_python_sdk.models.settings import MeilisearchSettings, MinWordSizeForTypos, Pagination, TypoTolerance
from meilisearch_python_sdk.models.task import TaskInfo

from murmur.engines import Report
from murmur.errors import StartupError, Unavailable
from murmur.ids import MAX_ID
from subgraphs.search.model import Document, Grade, Hit, Kind, Query, TweetDocument
from subgraphs.search.stores.meilisearch_queries import SHIFT, among, render

T = TypeVar("T")
JsonDocument = dict[str, Any]

_PORT = 7700
_TIMEOUT_SECONDS = 10
_TASK_MS, _POLL_MS = 30_000, 20
_AT_ONCE = 1_000
_SHOWN = ["id", "person_id"]
_NEWEST = ["id_ms:desc", "id_rest:desc"]
_OLDEST = ["id_ms:asc", "id_rest:asc"]
_COMMON = ["id", "id_ms", "id_rest", "at", "mentions"]
_FILTERABLE = {
    Kind.TWEET: [*_COMMON, "author", "reply_to", "tags", "lang", "likes", "retweets", "links", "reply"],
    Kind.PERSON: _COMMON,
}
_SEARCHABLE = {Kind.TWEET: ["text"], Kind.PERSON: ["name", "handle", "bio"]}
_TYPOS = TypoTolerance(enabled=True, min_word_size_for_typos=MinWordSizeForTypos(one_typo=5, two_typos=9))


class MeilisearchIndex:
    """`SearchIndex` and `Engine` on the server at `url`. Raises StartupError for a URL that is none; connects to nothing."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self._prefix = options.pop("prefix", "murmur")
        key, _, host = parts.netloc.rpartition("@")
        secure = parts.scheme.endswith("+https")
        try:
            port = parts.port or _PORT
        except ValueError:
            port = 0
        if not port or not parts.hostname or options or not self._prefix.replace("_", "").replace("-", "").isalnum():
            raise StartupError(f"not a URL of Meilisearch: {host!r}; write one such as meilisearch://:KEY@host:7700")
        address = f"{'https' if secure else 'http'}://{host if parts.port else f'{host}:{port}'}"
        self._client = AsyncClient(address, unquote(key.partition(":")[2]) or None, timeout=_TIMEOUT_SECONDS)
        self._made = False

    async def put(self, documents: Sequence[Document]) -> None:
        by_kind: dict[Kind, dict[int, Document]] = {}
        for document in documents:
            by_kind.setdefault(_kind(document), {})[document.id] = document
        if by_kind:
            await self._make()
        tasks = [
            await _asked(
                self._client.index(self._uid(kind)).add_documents([_json(each) for each in rows.values()], primary_key="id")
            )
            for kind, rows in by_kind.items()
        ]
        await self._done(tasks)

    async def remove(self, kind: Kind, ids: Collection[int]) -> None:
        if ids:
            await self._make()
            await self._done([await _asked(self._client.index(self._uid(kind)).delete_documents([str(id_) for id_ in ids]))])

    async def find(self, kind: Kind, query: Query, grades: Sequence[Grade | None], below: int, limit: int) -> Sequence[Hit]:
        hits: list[Hit] = []
        for grade in grades:
            hits += [
                msgspec.structs.replace(hit, grade=grade)
                for hit in await self._graded(kind, query, grade, below, limit - len(hits))
            ]
            if len(hits) >= limit:
                break
            below = MAX_ID + 1
        return hits

    async def _graded(self, kind: Kind, query: Query, grade: Grade | None, below: int, limit: int) -> Sequence[Hit]:
        if grade is not Grade.LOOSE:
            return await self._search(kind, query, exact=grade is Grade.EXACT, below=below, limit=limit)
        found: list[Hit] = []
        while len(found) < limit:
            part = await self._search(kind, query, exact=False, below=below, limit=limit)
            ids = [hit.id for hit in part]
            better = await self._search(kind, query, exact=True, below=below, limit=limit, only=ids) if ids else ()
            exact = {hit.id for hit in better}
            found += [hit for hit in part if hit.id not in exact]
            if len(part) < limit:
                break
            below = ids[-1]
        return found[:limit]

    async def ids(self, kind: Kind, above: int, limit: int) -> Sequence[int]:
        high, low = above >> SHIFT, above & ((1 << SHIFT) - 1)
        bound = f"id_ms > {high} OR (id_ms = {high} AND id_rest > {low})"
        await self._make()
        search = self._client.index(self._uid(kind)).search(
            "", filter=bound, sort=_OLDEST, limit=min(limit, _AT_ONCE), attributes_to_retrieve=["id"]
        )
        return [int(hit["id"]) for hit in (await _asked(search)).hits]

    async def close(self) -> None:
        await self._client.aclose()

    async def check(self) -> Report:
        version = await _asked(self._client.get_version())
        missing = [name for kind in Kind for name in await self._missing(kind)]
        return Report("meilisearch", version.pkg_version, "server", missing=tuple(missing))

    async def apply(self) -> Sequence[str]:
        done: list[str] = []
        for kind in Kind:
            missing = await self._missing(kind)
            if missing:
                uid = self._uid(kind)
                # Settings of an index that is not there make it.
                task = await _asked(self._client.index(uid).update_settings(_settings(kind)))
                await self._done([task])
                done += missing
        self._made = True
        return done

    async def _make(self) -> None:
        if not self._made:
            await self.apply()

    async def _missing(self, kind: Kind) -> Sequence[str]:
        uid = self._uid(kind)
        try:
            with _mapped():
                there = await self._client.index(uid).get_settings()
        except _NoIndexError:
            return (f"index {uid}",)
        wanted = _settings(kind).model_dump(exclude_none=True)
        has = there.model_dump(exclude_none=True)
        differing = [name for name, value in wanted.items() if not _same(value, has.get(name))]
        return [f"setting {name} of index {uid}" for name in differing]

    async def _search(
        self, kind: Kind, query: Query, *, exact: bool, below: int, limit: int, only: Sequence[int] | None = None
    ) -> Sequence[Hit]:
        await self._make()
        searches = [
            SearchParams(
                index_uid=self._uid(kind),
                q=search.text,  # pyright: ignore[reportCallIssue] (the model's alias)
                filter=search.filter if only is None else f"{search.filter} AND {among(only)}",
                sort=_NEWEST,
                limit=min(limit, _AT_ONCE),
                matching_strategy="all",
                attributes_to_retrieve=_SHOWN,
            )
            for search in render(query, exact=exact, below=below)
        ]
        try:
            results = await _asked(self._client.multi_search(searches))
        except _NoIndexError:
            self._made = False
            raise
        found = [hit for result in results for hit in result.hits]  # pyright: ignore[reportGeneralTypeIssues, reportAttributeAccessIssue] (no federation was asked for)
        hits = {int(hit["id"]): Hit(kind, int(hit["id"]), int(hit["person_id"]), None) for hit in found}
        return sorted(hits.values(), key=lambda hit: hit.id, reverse=True)[:limit]

    async def _done(self, tasks: Sequence[TaskInfo]) -> None:
        """Writes are answered before they can be found: wait until they are."""
        for task in tasks:
            wait = self._client.wait_for_task(task.task_uid, timeout_in_ms=_TASK_MS, interval_in_ms=_POLL_MS)
            result = await _asked(wait)
            if result.status != "succeeded":
                raise RuntimeError(f"Meilisearch failed a task: {(result.error or {}).get('message')}")

    def _uid(self, kind: Kind) -> str:
        return f"{self._prefix}_{'tweets' if kind is Kind.TWEET else 'people'}"


class _NoIndexError(Unavailable):
    """The index is not there, or not yet."""


@contextmanager
def _mapped() -> Generator[None]:
    try:
        yield
    except MeilisearchApiError as error:
        if error.code == "index_not_found":
            raise _NoIndexError("the search index has not been made yet") from error
        raise Unavailable(f"Meilisearch refuses: {error.code or error.status_code}") from error
    except (MeilisearchError, HTTPError, OSError) as error:
        raise Unavailable(f"Meilisearch does not answer: {type(error).__name__}") from error


async def _asked(call: Awaitable[T]) -> T:
    with _mapped():
        return await call


def _settings(kind: Kind) -> MeilisearchSettings:
    return MeilisearchSettings(
        searchable_attributes=_SEARCHABLE[kind],
        filterable_attributes=list(_FILTERABLE[kind]),
        sortable_attributes=["id_ms", "id_rest"],
        # Lists are by id within a grade, so that comes before every other rule.
        ranking_rules=["sort", "words", "typo", "proximity", "attribute", "exactness"],
        typo_tolerance=_TYPOS,
        pagination=Pagination(max_total_hits=_AT_ONCE),
    )


def _same(wanted: object, there: object) -> bool:
    """Whether a setting is as wanted; lists that the server returns in an order of its own are compared as sets, and of a
    setting of several parts those count that are wanted."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(_same(value, there.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(there, list) and "sort" not in wanted:
        return sorted(wanted) == sorted(there)
    return wanted == there


def _kind(document: Document) -> Kind:
    return Kind.TWEET if isinstance(document, TweetDocument) else Kind.PERSON


def _json(document: Document) -> JsonDocument:
    common: JsonDocument = {
        "id": str(document.id),
        "id_ms": document.id >> SHIFT,
        "id_rest": document.id & ((1 << SHIFT) - 1),
        "at": document.at,
    }
    if isinstance(document, TweetDocument):
        return common | {
            "person_id": str(document.author_id),
            "text": document.text,
            "author": document.author,
            "reply_to": document.reply_to,
            "tags": list(document.tags),
            "mentions": list(document.mentions),
            "lang": document.lang,
            "likes": document.likes,
            "retweets": document.retweets,
            "links": document.links,
            "reply": document.reply,
        }
    return common | {
        "person_id": str(document.id),
        "handle": document.handle,
        "name": document.name,
        "bio": document.bio,
        "mentions": [document.handle.lower()],
    }
