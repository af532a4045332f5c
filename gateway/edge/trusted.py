"""Operations that a request names instead of sending them: trusted documents, and automatic persisted queries.

A partner's API key runs the documents of that partner's manifest and nothing else. Anybody may run the documents of the
platform's own manifest by their ids. Automatic persisted queries are for first-party clients: they save bytes, and trust nothing.
"""

import hashlib
from dataclasses import replace

from cachetools import LRUCache

from gateway.edge.parameters import Parameters
from gateway.edge.refusal import Refusal, malformed
from gateway.federation.engine import PreparedOperation
from gateway.partners.model import FIRST_PARTY, PartnerKey, Scope, is_document_id
from gateway.partners.service import KeyRefused, Partners

API_KEY = b"x-api-key"
_PERSISTED_CHARACTERS = 8_000_000
_MAX_KEY = 200


class TrustedDocuments:
    """Without `partners` there are no keys and no documents, and only automatic persisted queries are known.

    With `published_only` nobody runs a document that was not published.
    """

    def __init__(self, partners: Partners | None, *, published_only: bool = False) -> None:
        self._partners = partners
        self._published_only = published_only
        self._persisted: LRUCache[str, str] = LRUCache(_PERSISTED_CHARACTERS, getsizeof=len)

    async def resolve(self, parameters: Parameters, api_key: bytes | None) -> tuple[Parameters, PartnerKey | None]:
        """The parameters with the document that they name, and whose key came with them. Raises Refusal."""
        key = None if api_key is None else await self._identify(api_key)
        if key is not None:
            if parameters.document or parameters.persisted_hash:
                raise Refusal(
                    403, "DOCUMENT_REQUIRED", "a partner's key runs published documents alone: send `documentId` without `query`"
                )
            return await self._published(parameters, key.partner), key
        if parameters.document_id:
            if parameters.document:
                raise malformed("send `query` or `documentId`, not both")
            return await self._published(parameters, FIRST_PARTY), None
        if self._published_only:
            raise Refusal(403, "DOCUMENT_REQUIRED", "published documents alone are run here: send `documentId` without `query`")
        if parameters.persisted_hash:
            return self._automatic(parameters, parameters.persisted_hash), None
        return parameters, None

    def check_scope(self, key: PartnerKey, operation: PreparedOperation) -> None:
        """Raises Refusal where a key may not run operations of this kind."""
        scope = Scope.WRITE if operation.kind == "mutation" else Scope.READ
        if scope not in key.scopes:
            raise Refusal(403, "SCOPE_MISSING", f"this API key lacks the scope {scope.value!r}, which a {operation.kind} needs")

    async def _identify(self, api_key: bytes) -> PartnerKey:
        if self._partners is None or len(api_key) > _MAX_KEY:
            raise Refusal(401, "KEY_INVALID", "there is no such API key")
        try:
            return await self._partners.identify(api_key.decode("latin-1"))
        except KeyRefused as refused:
            raise Refusal(401, refused.code, str(refused)) from refused

    async def _published(self, parameters: Parameters, partner: str) -> Parameters:
        id_ = parameters.document_id
        if not id_:
            raise Refusal(403, "DOCUMENT_REQUIRED", "name a published document: `documentId` is `sha256:` and its hash")
        if not is_document_id(id_):
            raise malformed("`documentId` is `sha256:` and 64 hexadecimal digits")
        text = None if self._partners is None else await self._partners.document(partner, id_)
        if text is None:
            raise Refusal(403, "DOCUMENT_UNKNOWN", f"{id_} is not among the published documents")
        return replace(parameters, document=text)

    def _automatic(self, parameters: Parameters, digest: str) -> Parameters:
        if not parameters.document:
            known = self._persisted.get(digest)
            if known is None:
                # Clients know this code: they send the hash again with the document.
                raise Refusal(200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
            return replace(parameters, document=known)
        if hashlib.sha256(parameters.document.encode(errors="surrogatepass")).hexdigest() != digest:
            raise malformed("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`")
        if len(parameters.document) <= _PERSISTED_CHARACTERS:
            self._persisted[digest] = parameters.document
        return parameters
