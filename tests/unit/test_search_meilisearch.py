"""What is sent to Meilisearch, and what is made of its answers, whose shapes are those that a real server gave."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import web

from murmur.engines import engine_of
from murmur.errors import StartupError, Unavailable
from murmur.ids import MAX_ID
from subgraphs.search.model import Grade, Hit, Kind, TweetDocument
from subgraphs.search.service.parse import parse
from subgraphs.search.stores.meilisearch import MeilisearchIndex
from subgraphs.search.stores.meilisearch_engine import RefusedForGoodError
from subgraphs.search.stores.meilisearch_queries import render

BASE = 7_300_000_000_000_000_000
AT = "2026-11-22T07:01:20.156015199Z"


@dataclass
class Replayed:
    """A server that notes what it is asked and answers as a real one did."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    hits: list[list[dict[str, str]]] = field(default_factory=list)
    failing: str = ""
    """As what type of error tasks fail."""
    refusing: int = 0
    """The status of searches."""
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer a key":
            return _refused(403, "invalid_api_key", "auth", "The provided API key is invalid.")
        raw = await request.read()
        body = orjson.loads(raw) if raw else None
        self.asked.append((request.method, request.path_qs, body))
        match request.method, request.path.split("/")[1:]:
            case "GET", ["version"]:
                return web.json_response({"commitSha": "5cb2f2e", "commitDate": AT, "pkgVersion": "1.50.0"})
            case "GET", ["tasks", uid]:
                return web.json_response(self._task(int(uid)))
            case "GET", ["indexes", uid, "settings"] if uid in self.settings:
                return web.json_response(self.settings[uid])
            case "PATCH", ["indexes", uid, "settings"]:
                self.settings[uid] = body
                return self._enqueued(uid, "settingsUpdate")
            case "POST", ["indexes", uid, "documents"]:
                return self._enqueued(uid, "documentAdditionOrUpdate")
            case "POST", ["indexes", uid, "documents", "delete-batch"]:
                return self._enqueued(uid, "documentDeletion")
            case "POST", ["multi-search"] if self.refusing:
                return _refused(self.refusing, "invalid_search_filter", "invalid_request", "Attribute `x` is not filterable.")
            case "POST", ["multi-search"]:
                results = [
                    {"indexUid": query["indexUid"], "hits": self.hits.pop(0) if self.hits else [], "query": query["q"]}
                    | {"processingTimeMs": 1, "limit": query["limit"], "offset": 0, "estimatedTotalHits": 2}
                    for query in body["queries"]
                ]
                return web.json_response({"results": results})
            case _:
                return _refused(404, "index_not_found", "invalid_request", "Index `nothing` not found.")

    def _enqueued(self, uid: str, kind: str) -> web.Response:
        task = {"taskUid": 7, "indexUid": uid, "status": "enqueued", "type": kind, "enqueuedAt": AT}
        return web.json_response(task, status=202)

    def _task(self, uid: int) -> dict[str, Any]:
        told = {"message": "Document doesn't have a `id` attribute.", "code": "missing_document_id", "type": self.failing}
        status, error = ("failed", told) if self.failing else ("succeeded", None)
        times = {"duration": "PT0.9S", "enqueuedAt": AT, "startedAt": AT, "finishedAt": AT}
        kind = {"type": "documentAdditionOrUpdate", "canceledBy": None, "details": {}}
        return {"uid": uid, "batchUid": uid, "indexUid": "murmur_tweets", "status": status, "error": error, **kind, **times}


def _refused(status: int, code: str, kind: str, message: str) -> web.Response:
    return web.json_response({"message": message, "code": code, "type": kind}, status=status)


@pytest.fixture
async def server() -> AsyncGenerator[Replayed]:
    replayed = Replayed()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", replayed.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    replayed.url = f"127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    yield replayed
    await runner.cleanup()


@pytest.fixture
async def index(server: Replayed) -> AsyncGenerator[MeilisearchIndex]:
    opened = MeilisearchIndex(f"meilisearch://:a%20key@{server.url}")
    yield opened
    await opened.close()


async def test_settings_are_made_once_and_then_agree(server: Replayed, index: MeilisearchIndex) -> None:
    assert engine_of(index) is index.engine
    report = await index.engine.check()
    assert (report.name, report.version, report.missing) == (
        "meilisearch",
        "1.50.0",
        ("index murmur_tweets", "index murmur_people"),
    )
    assert await index.engine.apply() == ["index murmur_tweets", "index murmur_people"]
    assert (await index.engine.check()).missing == ()
    assert await index.engine.apply() == []
    server.settings["murmur_tweets"]["typoTolerance"]["minWordSizeForTypos"]["oneTypo"] = 4
    server.settings["murmur_tweets"]["filterableAttributes"].reverse()
    assert (await index.engine.check()).missing == ("setting typo_tolerance of index murmur_tweets",)


async def test_documents_are_written_in_one_request_that_is_waited_for(server: Replayed, index: MeilisearchIndex) -> None:
    await index.engine.apply()
    server.asked.clear()
    document = TweetDocument(BASE + 1, 10, "ada", 5, 'a "quote" 🎉', tags=("hello",), likes=3)
    await index.put([document, document])
    await index.remove(Kind.TWEET, [BASE + 3])
    (post, path, rows), (_, waited, _), (_, removal, ids), _ = server.asked
    assert (post, path, waited) == ("POST", "/indexes/murmur_tweets/documents?primaryKey=id", "/tasks/7")
    assert rows == [
        {"id": str(BASE + 1), "id_ms": (BASE + 1) >> 22, "id_rest": (BASE + 1) & 0x3FFFFF, "at": 5, "person_id": "10"}
        | {"text": 'a "quote" 🎉', "author": "ada", "reply_to": None, "tags": ["hello"], "mentions": [], "lang": None}
        | {"likes": 3, "retweets": 0, "links": False, "reply": False}
    ]
    assert (removal, ids) == ("/indexes/murmur_tweets/documents/delete-batch", [str(BASE + 3)])


async def test_alternatives_are_asked_at_once_and_joined(server: Replayed, index: MeilisearchIndex) -> None:
    await index.engine.apply()
    server.asked.clear()
    server.hits = [[{"id": "3", "person_id": "1"}, {"id": "1", "person_id": "1"}], [{"id": "3", "person_id": "1"}]]
    found = await index.find(Kind.TWEET, parse("cats OR dogs from:ada"), [Grade.EXACT], MAX_ID + 1, 2)
    assert found == [Hit(Kind.TWEET, 3, 1, Grade.EXACT), Hit(Kind.TWEET, 1, 1, Grade.EXACT)]
    [(_, path, body)] = server.asked
    assert path == "/multi-search"
    assert [query["q"] for query in body["queries"]] == ['"cats" ', '"dogs" ']
    for query in body["queries"]:
        assert (query["sort"], query["matchingStrategy"], query["limit"]) == (["id_ms:desc", "id_rest:desc"], "all", 2)
        assert query["filter"].endswith(' AND (author = "ada")')


async def test_what_matches_exactly_is_taken_out_of_the_loose_grade(server: Replayed, index: MeilisearchIndex) -> None:
    await index.engine.apply()
    server.hits = [[{"id": "3", "person_id": "1"}, {"id": "2", "person_id": "1"}], [{"id": "3", "person_id": "1"}]]
    assert await index.find(Kind.TWEET, parse("cats"), [Grade.LOOSE], MAX_ID + 1, 3) == [Hit(Kind.TWEET, 2, 1, Grade.LOOSE)]
    assert server.asked[-1][2]["queries"][0]["filter"].endswith('AND id IN ["3", "2"]')


async def test_a_server_that_is_away_or_refuses_is_unavailable(server: Replayed) -> None:
    for url in (f"meilisearch://:wrong@{server.url}", "meilisearch://127.0.0.1:1"):
        index = MeilisearchIndex(url)
        with pytest.raises(Unavailable):
            await index.engine.check()
        with pytest.raises(Unavailable):
            await index.find(Kind.TWEET, parse("cats"), [None], MAX_ID, 1)
        await index.close()


@pytest.mark.parametrize(("kind", "raised"), [("invalid_request", RefusedForGoodError), ("internal", Unavailable)])
async def test_a_task_that_failed_passes_unless_its_request_is_wrong(
    server: Replayed, index: MeilisearchIndex, kind: str, raised: type[Exception]
) -> None:
    await index.engine.apply()
    server.failing = kind
    with pytest.raises(raised, match="`id` attribute"):
        await index.put([TweetDocument(1, 1, "ada", 1, "x")])


@pytest.mark.parametrize(
    ("status", "raised"), [(400, RefusedForGoodError), (413, RefusedForGoodError), (429, Unavailable), (503, Unavailable)]
)
async def test_a_refused_search_passes_unless_it_is_wrong(
    server: Replayed, index: MeilisearchIndex, status: int, raised: type[Exception]
) -> None:
    await index.engine.apply()
    server.refusing = status
    with pytest.raises(raised, match="invalid_search_filter"):
        await index.find(Kind.TWEET, parse("cats"), [None], MAX_ID, 1)


@pytest.mark.parametrize("url", ["meilisearch://", "meilisearch://:k@host:port", "meilisearch://:secret@host?what=1"])
def test_what_is_no_url_is_told_without_the_key(url: str) -> None:
    with pytest.raises(StartupError) as raised:
        MeilisearchIndex(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("cats", "cats"),
        ("cats dogs", "cats dogs"),
        ("cats -dogs", "-dogs cats"),
        ("cats dogs from:ada", "cats dogs"),
        ('cats "two words"', '"two words" cats'),
        ("-cats from:ada", "-cats "),
        ("don't", '"don\'t"'),
        ('a"b\\c', '"a b\\c"'),
        ('"two words" -"three more words"', '-"three more words" "two words" '),
        ("--cats", '-"-cats" '),
        ("#tag from:ada", ""),
    ],
)
def test_words_are_escaped_in_a_query(query: str, text: str) -> None:
    [rendered] = render(parse(query), exact=False, below=MAX_ID)
    assert rendered.text == text


def test_values_are_escaped_in_a_filter() -> None:
    [rendered] = render(parse("#größe OR -is:reply".replace(" OR", "")), exact=False, below=BASE)
    assert rendered.filter == (
        f"(id_ms < {BASE >> 22} OR (id_ms = {BASE >> 22} AND id_rest < {BASE & 0x3FFFFF}))"
        ' AND (tags = "größe") AND NOT (reply = true)'
    )
