"""What operators and people with a browser find beside the API."""

import gzip
import os
from pathlib import Path

import pytest

from gateway.edge.options import EdgeOptions, Explorer
from tests.support.asgi import ask
from tests.support.edge import JSON, Edge

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "sec-fetch-site": "none"}


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    for name in ("graphiql.js", "page.js"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(b"let a = 1;" * 50))
    (tmp_path / "secret.gz").write_bytes(b"x")
    return tmp_path


async def test_a_browser_gets_the_explorer_with_nothing_inline_and_nothing_from_elsewhere(assets: Path) -> None:
    edge = Edge(EdgeOptions(explorer=Explorer(title="A & B", query="{ a } # </script>", assets=assets)))
    page = await ask(edge.app, "GET", "/graphql", headers=BROWSER)
    html = page.body.decode()
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "http:" not in html
    assert "https:" not in html
    assert "A &amp; B" in html
    assert html.count("</script>") == 3


async def test_a_link_with_a_query_opens_the_explorer_and_does_not_run_it(assets: Path) -> None:
    edge = Edge(EdgeOptions(explorer=Explorer(assets=assets)))
    page = await ask(edge.app, "GET", "/graphql?query={whoami}", headers=BROWSER | {"sec-fetch-site": "cross-site"})
    assert page.headers["content-type"].startswith("text/html")
    assert edge.library.callers == []


async def test_without_its_files_the_page_says_how_to_get_them(tmp_path: Path) -> None:
    page = await ask(Edge(EdgeOptions(explorer=Explorer(assets=tmp_path))).app, "GET", "/graphql", headers=BROWSER)
    assert page.status == 200
    assert b"npm ci" in page.body


async def test_without_an_explorer_a_browser_gets_json(assets: Path) -> None:
    edge = Edge(EdgeOptions(explorer=None))
    page = await ask(edge.app, "GET", "/graphql", headers=BROWSER)
    assert (page.status, page.headers["content-type"]) == (400, f"{JSON}; charset=utf-8")
    assert (await ask(edge.app, "GET", "/graphql/explorer/page.js")).status == 404


async def test_the_explorers_files_come_compressed_and_are_not_sent_twice(assets: Path) -> None:
    edge = Edge(EdgeOptions(explorer=Explorer(assets=assets)))
    zipped = await ask(edge.app, "GET", "/graphql/explorer/page.js", headers={"accept-encoding": "br, gzip"})
    plain = await ask(edge.app, "GET", "/graphql/explorer/page.js")
    assert zipped.headers["content-encoding"] == "gzip"
    assert (plain.body, "content-encoding" in plain.headers) == (b"let a = 1;" * 50, False)
    again = await ask(edge.app, "GET", "/graphql/explorer/page.js", headers={"if-none-match": zipped.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_a_file_of_the_explorer_is_read_once_until_it_changes(assets: Path) -> None:
    edge = Edge(EdgeOptions(explorer=Explorer(assets=assets)))
    path = assets / "page.js.gz"
    first = await ask(edge.app, "GET", "/graphql/explorer/page.js")
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (await ask(edge.app, "GET", "/graphql/explorer/page.js")).body == first.body
    path.write_bytes(gzip.compress(b"let b = 2;"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    changed = await ask(edge.app, "GET", "/graphql/explorer/page.js")
    assert changed.body == b"let b = 2;"
    assert changed.headers["etag"] != first.headers["etag"]
    path.unlink()
    assert (await ask(edge.app, "GET", "/graphql/explorer/page.js")).status == 404


@pytest.mark.parametrize("name", ["secret", "..%2fpage.js", "nothing.js", "page.css"])
async def test_only_the_explorers_own_files_are_served(assets: Path, name: str) -> None:
    edge = Edge(EdgeOptions(explorer=Explorer(assets=assets)))
    assert (await ask(edge.app, "GET", f"/graphql/explorer/{name}")).status == 404


async def test_readiness_gives_the_reasons_and_liveness_does_not_care() -> None:
    edge = Edge()
    edge.health.tell("tweets", "it does not answer")
    edge.health.tell("search", "it is slow", essential=False)
    ready = await ask(edge.app, "GET", "/health/ready")
    assert (ready.status, ready.json["reasons"]) == (503, ["tweets: it does not answer"])
    assert ready.json["parts"] == {"tweets": "it does not answer", "search": "it is slow"}
    edge.health.tell("tweets", None)
    assert (await ask(edge.app, "GET", "/health/ready")).json == {
        "status": "ok",
        "parts": {"tweets": "ok", "search": "it is slow"},
    }
    edge.health.draining = True
    assert (await ask(edge.app, "GET", "/health/ready")).json["reasons"] == ["draining"]
    assert (await ask(edge.app, "GET", "/health/live")).status == 200


async def test_requests_are_counted_by_outcome_and_timed_by_kind() -> None:
    edge = Edge()
    await edge.query("{ whoami }")
    await edge.query("{ forbidden }")
    await edge.query("{")
    await edge.query('mutation { rename(id: "1", title: "X") { id } }')
    metrics = (await ask(edge.app, "GET", "/metrics")).body.decode()
    assert 'murmur_requests_total{outcome="ok"} 2.0' in metrics
    assert 'murmur_requests_total{outcome="partial"} 1.0' in metrics
    assert 'murmur_requests_total{outcome="refused"} 1.0' in metrics
    assert 'murmur_request_seconds_count{kind="query"} 2.0' in metrics
    assert 'murmur_request_seconds_count{kind="mutation"} 1.0' in metrics
    assert "murmur_requests_in_flight 0.0" in metrics


async def test_the_key_set_is_published() -> None:
    edge = Edge()
    reply = await ask(edge.app, "GET", "/.well-known/jwks.json")
    assert [key["kid"] for key in reply.json["keys"]] == [edge.access.key_id]


async def test_the_plan_is_shown_to_who_asks_where_that_is_allowed() -> None:
    asked = {"murmur-query-plan": "1"}
    shown = await Edge(EdgeOptions(show_plans=True)).query("{ favourite { title } }", asked)
    assert 'Fetch(service: "books")' in shown.json["extensions"]["queryPlan"]
    assert "extensions" not in (await Edge(EdgeOptions(show_plans=True)).query("{ whoami }")).json
    assert "extensions" not in (await Edge().query("{ whoami }", asked)).json
