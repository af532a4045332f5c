"""`murmur gateway` over subgraphs that know nothing of Murmur, and the commands that look at plans and schemas."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import strawberry
from strawberry.asgi import GraphQL
from strawberry.federation import Schema
from strawberry.types import Info

from gateway.federation.composition import SubgraphSdl, compose
from tests.support.asgi import served
from tests.support.program import Running, each, murmur, running
from tests.support.socket import socket

NOWHERE = "http://127.0.0.1:9/graphql"


@strawberry.federation.type(keys=["id"])
class Word:
    id: strawberry.ID
    text: str


@dataclass
class Held:
    """`Query.held` tells that it was asked, and waits."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@strawberry.type
class WordsQuery:
    @strawberry.field
    def words(self) -> list[Word]:
        return [Word(id=strawberry.ID(number), text=text) for number, text in (("1", "kite"), ("2", "moon"))]

    @strawberry.field
    def told(self, info: Info) -> list[str]:
        """The headers that could tell who asks."""
        return [f"{name}: {value}" for name, value in sorted(info.context["request"].headers.items()) if name in WHO]

    @strawberry.field
    async def held(self, info: Info) -> bool:
        held: Held = info.context["held"]
        held.asked.set()
        await held.released.wait()
        return True

    @strawberry.field
    def broken(self) -> int | None:
        raise RuntimeError("no such table: words")


@strawberry.type
class WordsSubscription:
    @strawberry.subscription
    async def counted(self, info: Info, until: int) -> AsyncGenerator[Word, None]:
        """Begins at once, so each who follows must have a count of their own."""
        who = (info.context["connection_params"] or {}).get("x-tenant", "nobody")
        for number in range(1, until + 1):
            yield Word(id=strawberry.ID(str(number)), text=f"for {who}")


WHO = ("authorization", "cookie", "murmur-identity", "x-forwarded-for", "x-tenant")


@strawberry.federation.type(keys=["id"], name="Word")
class RatedWord:
    id: strawberry.ID

    @strawberry.field
    def rating(self) -> int | None:
        return int(self.id) * 10


WORDS = Schema(query=WordsQuery, subscription=WordsSubscription)
RATINGS = Schema(types=[RatedWord])


def supergraph(folder: Path, words: str = NOWHERE, ratings: str = NOWHERE) -> Path:
    file = folder / "words.graphql"
    file.write_text(compose([SubgraphSdl("words", words, WORDS.as_str()), SubgraphSdl("ratings", ratings, RATINGS.as_str())]))
    return file


class Words(GraphQL[dict[str, Any], None]):
    def __init__(self, held: Held) -> None:
        super().__init__(WORDS)
        self._held = held

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"request": request, "response": response, "held": self._held}


@dataclass
class Subgraphs:
    words: str
    ratings: str
    held: Held


@pytest.fixture
async def subgraphs() -> AsyncGenerator[Subgraphs]:
    held = Held()
    async with served(Words(held)) as words, served(GraphQL(RATINGS)) as ratings:
        yield Subgraphs(f"{words}/graphql", f"{ratings}/graphql", held)
        held.released.set()


@asynccontextmanager
async def gateway(tmp_path: Path, *arguments: str, **settings: str) -> AsyncGenerator[Running]:
    file = str(tmp_path / "words.graphql")
    async with running("gateway", "--supergraph", file, *arguments, data_dir=tmp_path / "unused", **settings) as program:
        yield program


async def ask(program: Running, query: str, headers: Mapping[str, str] | None = None) -> Any:
    async with aiohttp.ClientSession() as session:
        request = session.post(f"{program.url}/graphql", json={"query": query}, headers=headers)
        async with request as reply:
            return await reply.json()


async def get(program: Running, path: str, accept: str = "*/*") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(program.url + path, headers={"accept": accept}) as reply:
        return reply.status, await reply.text()


CREDENTIALS = {"authorization": "Basic xyz", "cookie": "a=b", "x-tenant": "7", "x-forwarded-for": "192.0.2.1"}


async def test_subscriptions_come_from_any_subgraph_and_are_completed_across_the_others(
    tmp_path: Path, subgraphs: Subgraphs
) -> None:
    supergraph(tmp_path, subgraphs.words, subgraphs.ratings)
    options = ("--forward-header", "X-Tenant", "--unshared-subscription", "counted")
    async with gateway(tmp_path, *options) as program, socket(program.url) as client:
        await client.init({"X-Tenant": "ada", "Other": "kept back"})
        for id_ in ("1", "2"):
            await client.subscribe(id_, "subscription { counted(until: 2) { text rating } }")
        messages = [await client.next() for _ in range(6)]
        for id_ in ("1", "2"):
            told = [message["payload"]["data"] for message in messages if message["id"] == id_ and message["type"] == "next"]
            assert told == [{"counted": {"text": "for ada", "rating": rating}} for rating in (10, 20)]


async def test_any_supergraph_is_served_without_a_data_folder_until_it_is_stopped(tmp_path: Path, subgraphs: Subgraphs) -> None:
    supergraph(tmp_path, subgraphs.words)
    async with gateway(tmp_path, "--subgraph", f"ratings={subgraphs.ratings}") as program:
        answer = await ask(program, "{ words { text rating } }", {"murmur-query-plan": "1"})
        assert answer["data"] == {"words": [{"text": "kite", "rating": 10}, {"text": "moon", "rating": 20}]}
        assert answer["extensions"]["queryPlan"].startswith("QueryPlan {")

        assert (await ask(program, "{ told }", CREDENTIALS))["data"]["told"] == ["authorization: Basic xyz"]
        assert (await ask(program, "{ told }"))["data"]["told"] == []

        answer = await ask(program, "{ broken words { text } }")
        assert answer["data"] == {"broken": None, "words": [{"text": "kite"}, {"text": "moon"}]}
        assert [error["message"] for error in answer["errors"]] == ["no such table: words"]

        assert (await get(program, "/health/ready"))[0] == 200
        assert 'murmur_subgraph_fetches_total{outcome="ok",subgraph="ratings"} 1.0' in (await get(program, "/metrics"))[1]
        assert "<title>GraphiQL</title>" in (await get(program, "/graphql", "text/html"))[1]
        assert (await get(program, "/.well-known/jwks.json"))[0] == 404
        assert (await get(program, "/", "text/html"))[0] == 404

        last = asyncio.create_task(ask(program, "{ held }"))
        await asyncio.wait_for(subgraphs.held.asked.wait(), 10)
        program.process.send_signal(signal.SIGINT)
        subgraphs.held.released.set()
        assert (await last)["data"] == {"held": True}
        async with asyncio.timeout(30):
            assert await program.process.wait() == 0, program.log
        assert program.log.endswith("stopped\n")
    assert not (tmp_path / "unused").exists()


async def test_in_production_defects_plans_and_the_explorer_stay_inside(tmp_path: Path, subgraphs: Subgraphs) -> None:
    supergraph(tmp_path, subgraphs.words)
    async with gateway(tmp_path, "--forward-header", "X-Tenant", MURMUR_ENV="production") as program:
        assert (await ask(program, "{ told }", CREDENTIALS))["data"]["told"] == ["x-tenant: 7"]
        answer = await ask(program, "{ broken words { text rating } }", {"murmur-query-plan": "1"})
        assert "extensions" not in answer
        assert answer["data"] == {"broken": None, "words": [{"text": "kite", "rating": None}, {"text": "moon", "rating": None}]}
        errors = {tuple(error["path"]): error["extensions"] for error in answer["errors"]}
        assert errors["broken",]["code"] == "INTERNAL"
        assert errors["words", 0, "rating"] == {"code": "UNAVAILABLE"}
        assert "no such table" not in str(answer)
        assert (await get(program, "/graphql", "text/html"))[0] == 406


async def test_what_can_not_be_served_is_told_in_one_line(tmp_path: Path) -> None:
    file = supergraph(tmp_path)
    good, text = str(file), file.read_text()
    (tmp_path / "api.graphql").write_text("type Query { a: Int }")
    (tmp_path / "broken.graphql").write_text("type Query {")
    (tmp_path / "picture.graphql").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "homeless.graphql").write_text(text.replace(NOWHERE, ""))
    serve = ("gateway", "--port", "0", "--supergraph")
    cases: list[tuple[tuple[str, ...], dict[str, str], str]] = [
        ((*serve, str(tmp_path / "none.graphql")), {}, "none.graphql: No such file or directory"),
        ((*serve, str(tmp_path)), {}, "Is a directory"),
        ((*serve, str(tmp_path / "api.graphql")), {}, "api.graphql is no supergraph: "),
        ((*serve, str(tmp_path / "broken.graphql")), {}, "broken.graphql is no supergraph: "),
        ((*serve, str(tmp_path / "picture.graphql")), {}, "not UTF-8"),
        ((*serve, str(tmp_path / "homeless.graphql")), {}, "no URL of the subgraph ratings; give it by --subgraph ratings=URL"),
        ((*serve, good, "--subgraph", "word=http://127.0.0.1:1/graphql"), {}, "no subgraph 'word'"),
        ((*serve, good, "--subgraph", "words"), {}, "write it as NAME=URL"),
        ((*serve, good, "--subgraph", "words=ftp://127.0.0.1/"), {}, "the subgraph words can't be reached at 'ftp://127.0.0.1/'"),
        ((*serve, good, "--subgraph", "words=http://127.0.0.1:99999/"), {}, "the subgraph words can't be reached"),
        ((*serve, good, "--forward-header", "content-length"), {}, "'content-length' can't be forwarded"),
        ((*serve, good, "--unshared-subscription", "words"), {}, "no subscription of the supergraph; they are: counted"),
        ((*serve, good, "--subgraph", "words=http://192.0.2.1/"), {"MURMUR_ENV": "production"}, "in plain text"),
        ((*serve, good), {"MURMUR_SUBGRAPHS": '{"tweets": "http://127.0.0.1:1/"}'}, "no subgraph 'tweets'"),
        (("plan", str(tmp_path / "none.graphql")), {}, "No such file"),
        (("schema", "check", good, str(tmp_path / "broken.graphql")), {}, "broken.graphql is no schema: line 1: Syntax Error"),
        (("schema", "diff", good, str(tmp_path / "none.graphql")), {}, "No such file"),
    ]
    finished = await each(tmp_path / "said", *((arguments, settings) for arguments, settings, _ in cases))
    for (arguments, _, told), end in zip(cases, finished, strict=True):
        assert end.code == 1, arguments
        assert told in end.err, end.err
        assert end.err.startswith("murmur: ")
        assert end.err.count("\n") == 1, end.err


async def test_plans_are_printed_for_any_supergraph_and_for_murmurs_own(tmp_path: Path) -> None:
    file = str(supergraph(tmp_path))
    document = tmp_path / "two.graphql"
    document.write_text("query A { words { rating } }\nquery B { told }\n")
    (tmp_path / "wrong.graphql").write_text("{\n  words { size }\n  tweets\n}")
    (tmp_path / "own.graphql").write_text("{ homeTimeline(first: 3) { nodes { tweet { text author { handle } } } } }")
    plan = ("plan", str(document), "--supergraph", file)
    several, first, second, sent, wrong, own = await each(
        tmp_path / "said",
        (plan, {}),
        ((*plan, "--operation", "A"), {}),
        ((*plan, "--operation", "B"), {}),
        ((*plan, "--operation", "A", "--stage", "fetches"), {}),
        (("plan", str(tmp_path / "wrong.graphql"), "--supergraph", file), {}),
        (("plan", str(tmp_path / "own.graphql")), {}),
    )
    assert several.code == 1
    assert "several operations" in several.err
    assert [first.out.count("Fetch("), second.out.count("Fetch(")] == [2, 1]
    assert [line for line in sent.out.splitlines() if line.startswith("#")] == ["# 1. words", "# 2. ratings"]
    assert "_entities(representations: $representations)" in sent.out
    assert wrong.code == 1
    assert "2:11: Cannot query field 'size' on type 'Word'." in wrong.err
    assert "3:3: Cannot query field 'tweets' on type 'Query'." in wrong.err
    assert own.code == 0
    assert own.out.count("Fetch(") == 3


async def test_a_document_may_come_by_standard_input(tmp_path: Path) -> None:
    end = await murmur("plan", "-", "--supergraph", str(supergraph(tmp_path)), stdin=b"{ told }")
    assert 'Fetch(service: "words")' in end.out


async def test_a_supergraph_is_composed_of_running_subgraphs(tmp_path: Path, subgraphs: Subgraphs) -> None:
    running_ones = (f"words={subgraphs.words}", f"ratings={subgraphs.ratings}")
    composed = await murmur("schema", "compose", *running_ones)
    assert composed.out == supergraph(tmp_path, subgraphs.words, subgraphs.ratings).read_text(), composed
    closed = await murmur("schema", "compose", running_ones[0], f"ratings={NOWHERE}")
    assert (closed.code, closed.err.count("\n")) == (1, 1)
    assert f"can't read the schema of ratings from {NOWHERE}: it can't be reached" in closed.err


async def test_override_labels_are_those_of_the_supergraph(tmp_path: Path) -> None:
    file = supergraph(tmp_path)
    document = tmp_path / "document.graphql"
    document.write_text("{ words { id } }")
    refused = await murmur("plan", str(document), "--supergraph", str(file), "--override-label", "new")
    assert refused.code == 1
    assert "no override of the supergraph has the label 'new'; it has none" in refused.err


async def test_schemas_are_checked_and_compared(tmp_path: Path) -> None:
    old, safe, broken = (tmp_path / name for name in ("old.graphql", "safe.graphql", "broken.graphql"))
    old.write_text("type Query { a(x: Int): Int! }")
    safe.write_text("type Query { a(x: Int): Int! b: Int }")
    broken.write_text("type Query { a(x: Int, y: Int): Int }")
    committed = Path("schema")
    fine, breaks, differs, own, alone = await each(
        tmp_path / "said",
        (("schema", "check", str(old), str(safe)), {}),
        (("schema", "check", str(old), str(broken)), {}),
        (("schema", "diff", str(safe), str(broken)), {}),
        (("schema", "check", str(committed), str(committed / "api.graphql")), {}),
        (("schema", "check", str(old)), {}),
    )
    assert (fine.code, fine.out) == (0, "safe      Query.b: Int added (FIELD_ADDED)\n")
    assert breaks.code == 1
    assert breaks.out.splitlines() == [
        "breaking  Query.a: type changed from Int! to Int (FIELD_CHANGED_KIND)",
        "dangerous Query.a(y:): optional argument Int added (OPTIONAL_ARG_ADDED)",
    ]
    assert breaks.err == "1 breaking, 1 dangerous, 0 safe\n"
    assert differs.code == 0
    assert differs.out.splitlines() == [
        "~ Query.a: type changed from Int! to Int",
        "+ Query.a(y:): optional argument Int added",
        "- Query.b: removed",
    ]
    assert (own.code, own.out) == (0, ""), "the supergraph's API is the one beside it"
    assert alone.code == 1
    assert "breaking  Tweet: object type removed (TYPE_REMOVED)" in alone.out, "one schema is compared with the committed one"
