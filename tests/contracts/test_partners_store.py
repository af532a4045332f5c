"""What every partners' store keeps of the promises in `gateway/partners/ports.py`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.partners.model import Document, PartnerKey, Scope, document_id
from gateway.partners.ports import PartnerStore
from tests.support.mongodb_databases import ADAPTERS, engine_of
from tests.support.partner_stores import partner_store


@pytest.fixture(params=ADAPTERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PartnerStore]:
    async with partner_store(engine_of(request.param, request), tmp_path) as opened:
        yield opened


def document(text: str) -> Document:
    return Document(document_id(text), "Name", text)


def key(id_: str, partner: str = "acme", created_at: int = 1) -> PartnerKey:
    return PartnerKey(id_, partner, b"h" * 32, frozenset({Scope.READ, Scope.WRITE}), created_at, 99)


async def test_documents_belong_to_a_partner_and_are_published_once(store: PartnerStore) -> None:
    first, second = document("query A { a }"), document("query B { b }")
    assert await store.publish("acme", [first, second]) == 2
    assert await store.publish("acme", [first]) == 0
    assert await store.publish("other", [first]) == 1
    assert await store.document("acme", second.id) == second.text
    assert await store.document("other", second.id) is None
    assert await store.withdraw("acme", first.id)
    assert not await store.withdraw("acme", first.id)
    assert await store.document("acme", first.id) is None
    assert await store.document("other", first.id) == first.text


async def test_documents_are_listed_page_by_page(store: PartnerStore) -> None:
    documents = [document(f"query A {{ a{number} }}") for number in range(5)]
    await store.publish("b", documents)
    await store.publish("a", documents[:2])
    listed: list[tuple[str, Document]] = []
    after = ("", "")
    while page := await store.documents(None, after, 2):
        listed += page
        after = (page[-1][0], page[-1][1].id)
    by_id = sorted(documents, key=lambda each: each.id)
    assert listed == [*(("a", each) for each in by_id if each in documents[:2]), *(("b", each) for each in by_id)]
    assert await store.documents("a", ("", ""), 10) == listed[:2]
    assert await store.documents("b", ("a", by_id[2].id), 2) == listed[2:4]
    assert await store.documents("a", ("b", ""), 2) == []


async def test_of_documents_published_at_once_each_is_new_to_one(store: PartnerStore) -> None:
    documents = [document(f"query A {{ a{number} }}") for number in range(8)]
    new = await asyncio.gather(*(store.publish("acme", documents[start : start + 4]) for start in range(5)))
    assert sum(new) == len(documents)
    assert [each for _, each in await store.documents("acme", ("", ""), 10)] == sorted(documents, key=lambda each: each.id)
    assert await store.publish("acme", []) == 0


async def test_keys_are_kept_as_they_are_until_they_are_revoked(store: PartnerStore) -> None:
    old, new, other = key("k1", created_at=1), key("k2", created_at=2), key("k3", "other", 3)
    for each in (old, new, other, replace(old, partner="thief")):
        await store.add_key(each)
    assert await store.key("k1") == old
    assert await store.key("nothing") is None
    assert await store.keys("acme") == [new, old]
    assert await store.keys(None) == [other, new, old]
    assert await store.revoke("k1", 50)
    assert await store.revoke("k1", 60)
    assert await store.key("k1") == replace(old, revoked_at=50)
    assert not await store.revoke("nothing", 50)
