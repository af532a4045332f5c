"""The search index in Meilisearch.

`meilisearch://[:KEY@]host[:port][?prefix=NAME]` is a server, `meilisearch+https://` one over TLS. `prefix` begins the names of
its indexes, so that several platforms can share one server.
"""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from meilisearch_python_sdk import AsyncClient
from meilisearch_python_sdk.models.search import SearchParams

from murmur.errors import StartupError
from murmur.ids import MAX_ID
from subgraphs.search.model import Document, Grade, Hit, Kind, Query, TweetDocument
from subgraphs.search.stores.meilisearch_engine import MOST_HITS, MeilisearchEngine, NoIndexError, asked
from subgraphs.search.stores.meilisearch_queries import SHIFT, among, render

JsonDocument = dict[str, Any]

_PORT = 7700
_TIMEOUT_SECONDS = 10
_SHOWN = ["id", "person_id"]
_NEWEST = ["id_ms:desc", "id_rest:desc"]
_OLDEST = ["id_ms:asc", "id_rest:asc"]


class MeilisearchIndex:
    """`SearchIndex` on the server at `url`. Raises StartupError for a URL that is none; connects to nothing."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        prefix = options.pop("prefix", "murmur")
        key, _, host = parts.netloc.rpartition("@")
        secure = parts.scheme.endswith("+https")
        try:
            port = parts.port or _PORT
        except ValueError:
            port = 0
        if not port or not parts.hostname or options or not prefix.replace("_", "").replace("-", "").isalnum():
            raise StartupError(f"not a URL of Meilisearch: {host!r}; write one such as meilisearch://:KEY@host:7700")
        address = f"{'https' if secure else 'http'}://{host if parts.port else f'{host}:{port}'}"
        self._client = AsyncClient(address, unquote(key.partition(":")[2]) or None, timeout=_TIMEOUT_SECONDS)
        self.engine = MeilisearchEngine(self._client, prefix)

    async def put(self, documents: Sequence[Document]) -> None:
        by_kind: dict[Kind, dict[int, Document]] = {}
        for document in documents:
            by_kind.setdefault(_kind(document), {})[document.id] = document
        if by_kind:
            await self.engine.make()
        tasks = [
            await asked(
                self._client.index(self.engine.uid(kind)).add_documents([_json(each) for each in rows.values()], primary_key="id")
            )
            for kind, rows in by_kind.items()
        ]
        await self.engine.done(tasks)

    async def remove(self, kind: Kind, ids: Collection[int]) -> None:
        if ids:
            await self.engine.make()
            removed = self._client.index(self.engine.uid(kind)).delete_documents([str(id_) for id_ in ids])
            await self.engine.done([await asked(removed)])

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
        await self.engine.make()
        search = self._client.index(self.engine.uid(kind)).search(
            "", filter=bound, sort=_OLDEST, limit=min(limit, MOST_HITS), attributes_to_retrieve=["id"]
        )
        return [int(hit["id"]) for hit in (await asked(search)).hits]

    async def close(self) -> None:
        await self._client.aclose()

    async def _search(
        self, kind: Kind, query: Query, *, exact: bool, below: int, limit: int, only: Sequence[int] | None = None
    ) -> Sequence[Hit]:
        await self.engine.make()
        searches = [
            SearchParams(
                index_uid=self.engine.uid(kind),
                q=search.text,  # pyright: ignore[reportCallIssue] (the model's alias)
                filter=search.filter if only is None else f"{search.filter} AND {among(only)}",
                sort=_NEWEST,
                limit=min(limit, MOST_HITS),
                matching_strategy="all",
                attributes_to_retrieve=_SHOWN,
            )
            for search in render(query, exact=exact, below=below)
        ]
        try:
            results = await asked(self._client.multi_search(searches))
        except NoIndexError:
            self.engine.forget()
            raise
        found = [hit for result in results for hit in result.hits]  # pyright: ignore[reportGeneralTypeIssues, reportAttributeAccessIssue] (no federation was asked for)
        hits = {int(hit["id"]): Hit(kind, int(hit["id"]), int(hit["person_id"]), None) for hit in found}
        return sorted(hits.values(), key=lambda hit: hit.id, reverse=True)[:limit]


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
