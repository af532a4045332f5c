"""Partners' keys and documents on MongoDB.

partner_documents    _id {p, i}, p   the partner, i   the document's id, name, text       sharded by p
partner_keys         _id   the key's id, and its fields by their names                    sharded by _id
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal

from pymongo import InsertOne
from pymongo.asynchronous.client_session import AsyncClientSession

from gateway.partners.model import Document, PartnerKey, Scope
from murmur.mongodb import Concern, Index, MongoEngine, Sharded, answering, open_client, transact, write_all
from murmur.mongodb import Document as Stored

VERSION = 1
COLLECTIONS = (
    Sharded("partner_documents", "p", (Index(("p", "i")),)),
    Sharded("partner_keys", "_id", (Index(("partner", "-created_at")), Index(("-created_at",)))),
)

Scatter = Literal["all_documents", "keys"]
SCATTERS: Mapping[Scatter, str] = {
    "all_documents": "operators list and check what every partner has published",
    "keys": "operators list the keys of a partner, which requests find by their ids",
}
"""The only queries that ask every shard, and why. Each carries its name as the command's comment."""

_WHAT = "partners' keys and documents"


class MongoPartners:
    """`PartnerStore` on the database that a `mongodb://` URL names. Connects when it is first used. Raises StartupError."""

    def __init__(self, url: str) -> None:
        self._client, database = open_client(url)
        self.engine = MongoEngine(database, "partners", VERSION, COLLECTIONS)
        concerned = Concern().of(database)
        self._documents = concerned["partner_documents"]
        self._keys = concerned["partner_keys"]

    async def publish(self, partner: str, documents: Sequence[Document]) -> int:
        rows = {document.id: _row(partner, document) for document in documents}

        async def work(session: AsyncClientSession) -> int:
            wanted = {"p": partner, "i": {"$in": list(rows)}}
            known = {row["i"] async for row in self._documents.find(wanted, {"i": 1}, session=session)}
            if new := [row for id_, row in rows.items() if id_ not in known]:
                await self._documents.insert_many(new, session=session)
            return len(new)

        with answering(_WHAT):
            return await transact(self._client, work) if rows else 0

    async def document(self, partner: str, id_: str) -> str | None:
        with answering(_WHAT):
            row = await self._documents.find_one({"p": partner, "i": id_}, {"text": 1})
        return None if row is None else row["text"]

    async def documents(self, partner: str | None, after: tuple[str, str], limit: int) -> Sequence[tuple[str, Document]]:
        with answering(_WHAT):
            if partner is not None:
                above = "" if after[0] < partner else after[1]
                return [] if after[0] > partner else await self._page({"p": partner, "i": {"$gt": above}}, limit)
            comment: Scatter = "all_documents"
            found = await self._page({"p": after[0], "i": {"$gt": after[1]}}, limit)
            if len(found) < limit:
                found += await self._page({"p": {"$gt": after[0]}}, limit - len(found), comment)
            return found

    async def withdraw(self, partner: str, id_: str) -> bool:
        with answering(_WHAT):
            return (await self._documents.delete_one({"p": partner, "i": id_})).deleted_count > 0

    async def add_key(self, key: PartnerKey) -> None:
        fields = asdict(key)
        row = {"_id": fields.pop("id"), **fields, "scopes": sorted(key.scopes)}
        with answering(_WHAT):
            await write_all(self._keys, [InsertOne(row)])

    async def key(self, id_: str) -> PartnerKey | None:
        with answering(_WHAT):
            row = await self._keys.find_one({"_id": id_})
        return None if row is None else _key(row)

    async def keys(self, partner: str | None) -> Sequence[PartnerKey]:
        comment: Scatter = "keys"
        condition = {} if partner is None else {"partner": partner}
        with answering(_WHAT):
            rows = await self._keys.find(condition, sort=[("created_at", -1), ("_id", 1)], comment=comment).to_list()
        return [_key(row) for row in rows]

    async def revoke(self, id_: str, at: int) -> bool:
        change = [{"$set": {"revoked_at": {"$ifNull": ["$revoked_at", at]}}}]
        with answering(_WHAT):
            return (await self._keys.update_one({"_id": id_}, change)).matched_count > 0

    async def close(self) -> None:
        await self._client.close()

    async def _page(self, condition: Stored, limit: int, comment: Scatter | None = None) -> list[tuple[str, Document]]:
        rows = self._documents.find(condition, sort=[("p", 1), ("i", 1)], limit=limit, comment=comment)
        return [(row["p"], Document(row["i"], row["name"], row["text"])) async for row in rows]


def _row(partner: str, document: Document) -> Stored:
    key = {"p": partner, "i": document.id}
    return {"_id": key, **key, "name": document.name, "text": document.text}


def _key(row: Stored) -> PartnerKey:
    fields = {name: value for name, value in row.items() if name not in ("_id", "scopes")}
    return PartnerKey(id=row["_id"], scopes=frozenset(map(Scope, row["scopes"])), **fields)
