"""Who a key is, and which document an id stands for."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence

from cachetools import LRUCache, TTLCache
from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate

from gateway.partners.model import FIRST_PARTY, MAX_DOCUMENT, Document, PartnerKey, Scope, check_partner, document_id
from gateway.partners.ports import PartnerStore
from murmur.clock import Clock
from murmur.errors import BadUserInput

KEY_PREFIX = "mk"
_SECRET_BYTES = 32
_REMEMBERED_KEYS = 10_000
_REMEMBERED_CHARACTERS = 20_000_000
# For so long a key that was revoked, or a document that was withdrawn, may still pass.
_REMEMBERED_SECONDS = 5.0


class KeyRefused(Exception):
    """`code` says why, for programs; the text does, for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Partners:
    """`own` are the documents that the platform's own clients come with: published without being in the store."""

    def __init__(self, store: PartnerStore, clock: Clock, own: Iterable[Document] = ()) -> None:
        self._store = store
        self._own = {document.id: document.text for document in own}
        self._clock = clock
        self._keys: TTLCache[str, PartnerKey | None] = TTLCache(_REMEMBERED_KEYS, _REMEMBERED_SECONDS)
        self._known: TTLCache[tuple[str, str], bool] = TTLCache(_REMEMBERED_KEYS, _REMEMBERED_SECONDS)
        self._texts: LRUCache[str, str] = LRUCache(_REMEMBERED_CHARACTERS, getsizeof=len)

    async def identify(self, key: str) -> PartnerKey:
        """Whose key this is. Raises KeyRefused for one that is not valid any more, or never was."""
        prefix, _, rest = key.partition("_")
        id_, _, secret = rest.partition("_")
        known = await self._key(id_) if prefix == KEY_PREFIX and id_ else None
        given = hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
        # Compared in any case, so that the time tells nothing of which ids there are.
        if not hmac.compare_digest(given, known.secret_hash if known else bytes(32)) or known is None:
            raise KeyRefused("KEY_INVALID", "there is no such API key")
        now = self._clock()
        if known.revoked_at is not None:
            raise KeyRefused("KEY_REVOKED", "this API key was revoked")
        if known.expires_at is not None and now >= known.expires_at:
            raise KeyRefused("KEY_EXPIRED", "this API key has expired")
        return known

    async def document(self, partner: str, id_: str) -> str | None:
        """The text of a document of this partner's manifest; the same object for as long as it is remembered."""
        if partner == FIRST_PARTY and id_ in self._own:
            return self._own[id_]
        known = self._known.get((partner, id_))
        if known is False:
            return None
        text = self._texts.get(id_) if known else None
        if text is None:
            text = await self._store.document(partner, id_)
            self._known[partner, id_] = text is not None
            if text is not None:
                self._texts[id_] = text
        return text

    async def create_key(self, partner: str, scopes: Iterable[Scope], lasts_ms: int | None) -> tuple[PartnerKey, str]:
        """A new key and its text, which is told this once. Raises BadUserInput."""
        check_partner(partner)
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), self._clock()
        key = PartnerKey(
            id=secrets.token_hex(6),
            partner=partner,
            secret_hash=hashlib.sha256(secret.encode()).digest(),
            scopes=frozenset(scopes),
            created_at=now,
            expires_at=None if lasts_ms is None else now + lasts_ms,
        )
        await self._store.add_key(key)
        return key, f"{KEY_PREFIX}_{key.id}_{secret}"

    async def revoke(self, id_: str) -> bool:
        return await self._store.revoke(id_, self._clock())

    async def _key(self, id_: str) -> PartnerKey | None:
        try:
            return self._keys[id_]
        except KeyError:
            known = self._keys[id_] = await self._store.key(id_)
            return known


def read_documents(texts: Iterable[tuple[str, str]], schema: GraphQLSchema) -> tuple[Sequence[Document], Sequence[str]]:
    """Documents from (where, text), each one operation with its fragments, and what is wrong with those that can't be run."""
    documents: list[Document] = []
    problems: list[str] = []
    for place, text in texts:
        wrong = problems_of(text, schema)
        if wrong:
            problems += [f"{place}: {problem}" for problem in wrong]
        else:
            documents.append(Document(document_id(text), _name(_operation(text)), text))
    return documents, problems


def problems_of(text: str, schema: GraphQLSchema) -> Sequence[str]:
    """Why a document can't be run by this schema; nothing when it can."""
    if len(text.encode()) > MAX_DOCUMENT:
        return [f"it is larger than {MAX_DOCUMENT} bytes"]
    try:
        operation = _operation(text)
    except (GraphQLError, BadUserInput) as error:
        return [error.message if isinstance(error, GraphQLError) else str(error)]
    if not _name(operation):
        return ["its operation has no name"]
    return [error.message for error in validate(schema, parse(text))]


def _operation(text: str) -> OperationDefinitionNode:
    """Raises GraphQLSyntaxError and BadUserInput."""
    operations = [node for node in parse(text, no_location=True).definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        raise BadUserInput(f"a trusted document holds one operation, not {len(operations)}")
    return operations[0]


def _name(operation: OperationDefinitionNode) -> str:
    return operation.name.value if operation.name else ""
