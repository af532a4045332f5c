"""Operations named by an id: partners' documents, the platform's own, and automatic persisted queries."""

import hashlib
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.edge.options import EdgeOptions
from gateway.partners.model import FIRST_PARTY, Document, Scope, document_id
from gateway.partners.service import Partners
from gateway.partners.stores.sqlite import SqlitePartners
from tests.support.asgi import Reply, ask, served
from tests.support.edge import Edge
from tests.support.socket import socket
from tests.support.waiting import until

BOOKS = "query Books { books { title } }"
RENAME = 'mutation Rename { rename(id: 1, title: "new") { title } }'
REVIEWED = "subscription Reviewed { reviewed { id } }"
WHOAMI = "query Who { whoami }"


class Clock:
    now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def partners(tmp_path: Path, clock: Clock) -> AsyncGenerator[Partners]:
    store = SqlitePartners(tmp_path / "partners.db")
    await store.publish("acme", [Document(document_id(text), "N", text) for text in (BOOKS, RENAME, REVIEWED)])
    await store.publish("other", [Document(document_id(WHOAMI), "N", WHOAMI)])
    await store.publish(FIRST_PARTY, [Document(document_id(text), "N", text) for text in (WHOAMI, BOOKS)])
    yield Partners(store, clock)
    await store.close()


@pytest.fixture
def edge(partners: Partners) -> Edge:
    return Edge(partners=partners)


async def key_of(partners: Partners, *scopes: Scope, lasts_ms: int | None = None) -> dict[str, str]:
    return {"x-api-key": (await partners.create_key("acme", scopes or [Scope.READ], lasts_ms))[1]}


async def test_a_key_runs_the_documents_of_its_own_manifest_and_nothing_else(edge: Edge, partners: Partners) -> None:
    key = await key_of(partners)
    reply = await edge.post({"documentId": document_id(BOOKS)}, key)
    assert reply.json == {"data": {"books": [{"title": "Kim"}, {"title": "Emma"}]}}
    for request, code in (
        ({"query": BOOKS}, "DOCUMENT_REQUIRED"),
        ({"query": BOOKS, "documentId": document_id(BOOKS)}, "DOCUMENT_REQUIRED"),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a" * 64}}}, "DOCUMENT_REQUIRED"),
        ({"documentId": document_id(WHOAMI)}, "DOCUMENT_UNKNOWN"),
        ({"documentId": document_id("query Never { books { id } }")}, "DOCUMENT_UNKNOWN"),
        ({"documentId": "books"}, "BAD_USER_INPUT"),
    ):
        refused = await edge.post(request, key)
        assert (refused.code, refused.status) == (code, 400 if code == "BAD_USER_INPUT" else 403), request


async def test_a_key_does_what_its_scopes_say(edge: Edge, partners: Partners) -> None:
    reader, writer = await key_of(partners, Scope.READ), await key_of(partners, Scope.WRITE)
    refused = await edge.post({"documentId": document_id(RENAME)}, reader)
    assert (refused.status, refused.code) == (403, "SCOPE_MISSING")
    assert edge.library.titles["1"] == "Kim"
    assert (await edge.post({"documentId": document_id(RENAME)}, writer)).json["data"]["rename"]["title"] == "new"
    assert (await edge.post({"documentId": document_id(BOOKS)}, writer)).code == "SCOPE_MISSING"


async def test_a_key_that_is_not_valid_is_told_why(edge: Edge, partners: Partners, clock: Clock) -> None:
    request = {"documentId": document_id(BOOKS)}
    good = (await key_of(partners))["x-api-key"]
    id_ = good.split("_")[1]
    for text in ("", "nonsense", f"mk_{id_}_wrong", f"mk_{id_}", good + "x", "x" * 10_000):
        refused = await edge.post(request, {"x-api-key": text})
        assert (refused.status, refused.code) == (401, "KEY_INVALID"), text
    expiring = await key_of(partners, lasts_ms=1_000)
    assert (await edge.post(request, expiring)).status == 200
    clock.now += 1_000
    assert (await edge.post(request, expiring)).code == "KEY_EXPIRED"
    key, text = await partners.create_key("acme", [Scope.READ], None)
    assert await partners.revoke(key.id)
    assert (await edge.post(request, {"x-api-key": text})).code == "KEY_REVOKED"


async def test_nothing_of_a_secret_is_kept(partners: Partners, tmp_path: Path) -> None:
    secret = (await key_of(partners))["x-api-key"].split("_", 2)[2]
    kept = b"".join((tmp_path / name).read_bytes() for name in ("partners.db", "partners.db-wal"))
    assert secret.encode() not in kept
    assert hashlib.sha256(secret.encode()).digest() in kept


async def test_anybody_runs_documents_of_the_platform_as_who_they_are(edge: Edge) -> None:
    request = {"documentId": document_id(WHOAMI)}
    assert (await edge.post(request)).json["data"]["whoami"].startswith("None")
    signed_in = {"authorization": f"Bearer {edge.token(7)}"}
    assert (await edge.post(request, signed_in)).json["data"]["whoami"].startswith("7")
    assert (await edge.post({"documentId": document_id(RENAME)})).code == "DOCUMENT_UNKNOWN"
    assert (await edge.post({"documentId": document_id(WHOAMI), "query": WHOAMI})).code == "BAD_USER_INPUT"


async def get(edge: Edge, text: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask(edge.app, "GET", f"/graphql?documentId={quote(document_id(text))}", headers=named)


async def test_a_get_is_cacheable_and_public_only_where_everybody_gets_the_same(edge: Edge, partners: Partners) -> None:
    for headers, control in (
        ({}, "public, max-age=15"),
        ({"authorization": f"Bearer {edge.token(7)}"}, "private, no-cache"),
        (await key_of(partners), "private, no-cache"),
    ):
        reply = await get(edge, BOOKS, **headers)
        assert (reply.status, reply.headers["cache-control"]) == (200, control)
        assert {"authorization", "x-api-key"} <= set(reply.headers["vary"].split(", "))
        same = await get(edge, BOOKS, **headers, if_none_match=f'W/"other", {reply.headers["etag"]}')
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", reply.headers["etag"])
    tag = (await get(edge, BOOKS)).headers["etag"]
    edge.library.titles["1"] = "another"
    assert (await get(edge, BOOKS, if_none_match=tag)).status == 200
    assert (await edge.post({"documentId": document_id(BOOKS)})).headers["cache-control"] == "no-store"
    assert (await ask(edge.app, "GET", f"/graphql?query={quote(BOOKS)}")).headers["cache-control"] == "no-store"


async def test_what_failed_is_never_kept(edge: Edge, partners: Partners) -> None:
    broken = "query Broken { broken }"
    await partners._store.publish(FIRST_PARTY, [Document(document_id(broken), "Broken", broken)])
    reply = await get(edge, broken)
    assert "errors" in reply.json
    assert reply.headers["cache-control"] == "no-store"


async def test_documents_run_over_websocket_by_the_key_of_the_handshake(edge: Edge, partners: Partners) -> None:
    key = await key_of(partners)
    async with served(edge.app) as address, socket(address) as client:
        await client.init({"X-Api-Key": key["x-api-key"]})
        await client.send(type="subscribe", id="1", payload={"documentId": document_id(BOOKS)})
        assert (await client.next())["payload"]["data"]["books"]
        assert (await client.next())["type"] == "complete"
        await client.subscribe("2", BOOKS)
        assert (await client.next())["payload"][0]["extensions"]["code"] == "DOCUMENT_REQUIRED"


async def test_a_subscription_ends_before_the_first_event_that_its_key_may_not_see(
    edge: Edge, partners: Partners, clock: Clock
) -> None:
    key = await key_of(partners, lasts_ms=1_000)

    async def followed() -> bool:
        return bool(edge.library.listeners)

    async with served(edge.app) as address, socket(address) as client:
        await client.init({"X-Api-Key": key["x-api-key"]})
        await client.send(type="subscribe", id="1", payload={"documentId": document_id(REVIEWED)})
        await until(followed)
        edge.library.review("1")
        assert (await client.next())["payload"] == {"data": {"reviewed": {"id": "1"}}}
        clock.now += 1_000
        edge.library.review("2")
        assert (await client.next())["payload"][0]["extensions"]["code"] == "KEY_EXPIRED"


async def test_automatic_persisted_queries_are_kept_after_they_were_sent_once(edge: Edge) -> None:
    digest = hashlib.sha256(BOOKS.encode()).hexdigest()
    named = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    missing = await edge.post(named)
    assert (missing.status, missing.code) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert (await edge.post(named | {"query": BOOKS})).json["data"]["books"]
    assert (await edge.post(named)).json["data"]["books"]
    assert (await edge.post(named | {"query": WHOAMI})).code == "BAD_USER_INPUT"
    for wrong in ({"version": 2, "sha256Hash": digest}, {"version": 1}, "x"):
        assert (await edge.post({"extensions": {"persistedQuery": wrong}})).code == "BAD_USER_INPUT"


async def test_without_a_store_of_partners_no_key_and_no_document_is_known() -> None:
    edge = Edge()
    assert (await edge.post({"documentId": document_id(BOOKS)})).code == "DOCUMENT_UNKNOWN"
    assert (await edge.post({"documentId": document_id(BOOKS)}, {"x-api-key": "mk_1_2"})).code == "KEY_INVALID"


async def test_where_published_documents_alone_are_run_nobody_sends_another(partners: Partners) -> None:
    edge = Edge(EdgeOptions(published_only=True), partners=partners)
    digest = document_id(BOOKS).removeprefix("sha256:")
    named = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    for request in ({"query": BOOKS}, {"query": "{ __schema { types { name } } }"}, {"query": BOOKS, "extensions": named}):
        refused = await edge.post(request)
        assert (refused.status, refused.code) == (403, "DOCUMENT_REQUIRED"), request
    assert (await edge.post({"extensions": named})).code == "DOCUMENT_REQUIRED"
    assert (await edge.post({"documentId": document_id(BOOKS)})).json["data"]["books"]
