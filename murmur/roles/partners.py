"""Keys and trusted documents, for operators."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLSchema

from gateway.edge.client.manifest import own_documents
from gateway.partners.model import FIRST_PARTY, Document, PartnerKey, Scope, check_partner
from gateway.partners.ports import PartnerStore
from gateway.partners.service import Partners, problems_of, read_documents
from murmur.clock import wall_clock
from murmur.errors import BadUserInput, StartupError
from murmur.roles.schemas import own_supergraph
from murmur.roles.stores import Stores
from murmur.settings import Settings

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Published:
    """What became of publishing: the documents, and how many of them were not there before."""

    documents: Sequence[Document]
    new: int


async def publish(settings: Settings, paths: Collection[Path], partner: str | None) -> Published:
    """Add the documents of files, and of the `.graphql` files in folders, to a manifest; all of them, or none.

    Raises StartupError with everything that is wrong with them, one a line.
    """
    name = FIRST_PARTY if partner is None else _checked(partner)
    documents, problems = read_documents(_read(paths), own_supergraph().api_schema)
    if problems:
        raise StartupError("nothing is published:\n" + "\n".join(problems))
    async with _store(settings) as store:
        return Published(documents, await store.publish(name, documents))


async def documents(settings: Settings, partner: str | None) -> AsyncGenerator[tuple[str, Document]]:
    """The published documents of one partner or of all; the platform's own that come with it first."""
    if partner in (None, FIRST_PARTY):
        for document in own_documents():
            yield FIRST_PARTY, document
    async with _store(settings) as store:
        after = ("", "")
        while page := await store.documents(partner, after, _PAGE):
            for owner, document in page:
                yield owner, document
            after = (page[-1][0], page[-1][1].id)


async def broken(settings: Settings, schema: GraphQLSchema) -> AsyncGenerator[tuple[str, Document, Sequence[str]]]:
    """Published documents that this API can't run, and why."""
    async for partner, document in documents(settings, None):
        if problems := problems_of(document.text, schema):
            yield partner, document, problems


async def withdraw(settings: Settings, partner: str | None, id_: str) -> bool:
    async with _store(settings) as store:
        return await store.withdraw(partner or FIRST_PARTY, id_)


async def create_key(settings: Settings, partner: str, scopes: Collection[Scope], days: float | None) -> tuple[PartnerKey, str]:
    """The key and its text, which can't be told again. Raises StartupError."""
    lasts = None if days is None else int(days * 86_400_000)
    async with _store(settings) as store:
        return await Partners(store, wall_clock).create_key(_checked(partner), scopes, lasts)


async def keys(settings: Settings, partner: str | None) -> Sequence[PartnerKey]:
    async with _store(settings) as store:
        return await store.keys(partner)


async def revoke_key(settings: Settings, id_: str) -> bool:
    async with _store(settings) as store:
        return await Partners(store, wall_clock).revoke(id_)


@asynccontextmanager
async def _store(settings: Settings) -> AsyncGenerator[PartnerStore]:
    async with AsyncExitStack() as stack:
        yield Stores(settings, stack).partners


def _read(paths: Collection[Path]) -> list[tuple[str, str]]:
    files = [file for path in paths for file in (sorted(path.rglob("*.graphql")) if path.is_dir() else (path,))]
    if not files:
        raise StartupError("there are no .graphql files to publish")
    try:
        return [(str(file), file.read_text()) for file in files]
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"can't read a document: {error}") from error


def _checked(partner: str) -> str:
    try:
        return check_partner(partner)
    except BadUserInput as error:
        raise StartupError(str(error)) from error
