"""An HTTP request's parameters of the GraphQL over HTTP specification, checked for their types and bounds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from gateway.edge.options import Bounds
from gateway.edge.refusal import malformed, too_large

MOST_PARAMETERS = 20
_DROPPED_BYTES = 16 * 1024 * 1024
_DROPPED_SECONDS = 2.0


class ClientGone(Exception):
    """The client closed the connection before its request was whole."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """`document` is empty only where it is named by `document_id` or `persisted_hash` (of automatic persisted queries, in
    hexadecimal). Bounds of its text are not checked here. `still_allowed` raises Refusal once what let the document in, a key or
    a manifest, does so no more."""

    document: str
    operation_name: str | None
    variables: Mapping[str, object] | None
    document_id: str | None = None
    persisted_hash: str | None = None
    still_allowed: Callable[[], Awaitable[object]] | None = None

    @property
    def named(self) -> bool:
        """Whether the document is to be looked up, or kept."""
        return self.document_id is not None or self.persisted_hash is not None


class Body:
    """A request's body, read once at most."""

    def __init__(self, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        self._receive = receive
        self._headers = headers
        self._asked = False
        self._ended = False

    async def read(self, limit: int) -> bytes:
        """All of it. Raises Refusal beyond `limit` bytes; raises ClientGone."""
        length = self._headers.get(b"content-length")
        if length is not None and (len(length) > 18 or not length.isdigit() or int(length) > limit):
            raise too_large(f"the body is larger than {limit} bytes")
        chunks: list[bytes] = []
        size = 0
        while not self._ended:
            chunk = await self._next()
            size += len(chunk)
            if size > limit:
                raise too_large(f"the body is larger than {limit} bytes")
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def drop(self) -> None:
        """Reads on without keeping it, so that an answer that closes the connection arrives. Raises ClientGone.

        Where bytes are left unread at a close, the kernel resets the connection, and the client may lose the answer. Ends
        without the rest after 16 MiB or 2 seconds. A client that asked whether to send its body waits for the answer, and
        has sent nothing.
        """
        if not self._asked and self._headers.get(b"expect", b"").lower() == b"100-continue":
            return
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_DROPPED_SECONDS):
                while not self._ended and size < _DROPPED_BYTES:
                    size += len(await self._next())

    async def _next(self) -> bytes:
        self._asked = True
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._ended = not message.get("more_body", False)
        return message.get("body", b"")


def of_body(body: bytes, bounds: Bounds) -> Parameters:
    """The parameters of a JSON body. Raises Refusal."""
    return of_request(request_of(body), bounds)


def request_of(body: bytes) -> Mapping[str, Any]:
    """The object of a JSON body. Raises Refusal."""
    request = _json(body, "the body")
    if isinstance(request, list):
        raise malformed("batches are not offered: send each operation as a request of its own")
    if not isinstance(request, dict):
        raise malformed("the body is no JSON object with `query`")
    return request


def of_query(query: bytes, bounds: Bounds) -> Parameters:
    """The parameters of a URL. Raises Refusal."""
    if len(query) > bounds.url_bytes:
        raise malformed(f"the URL's parameters are larger than {bounds.url_bytes} bytes; send a POST", 414)
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise malformed(f"the URL's parameters are not at most {MOST_PARAMETERS} names and values in UTF-8") from error
    request: dict[str, Any] = dict(pairs)
    if len(request) < len(pairs):
        raise malformed("a parameter stands twice in the URL")
    for name in ("variables", "extensions"):
        if text := request.pop(name, None):
            request[name] = _json(text, f"`{name}`")
    if not request.get("operationName"):
        request.pop("operationName", None)
    return of_request(request, bounds)


def _json(text: bytes | str, place: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise malformed(f"{place} is not JSON: {error}") from error


def of_request(request: Mapping[str, Any], bounds: Bounds) -> Parameters:
    """The parameters of a request's object. Raises Refusal."""
    document, name, variables = request.get("query"), request.get("operationName"), request.get("variables")
    extensions, document_id = request.get("extensions"), request.get("documentId")
    if not isinstance(extensions, dict | None):
        raise malformed("`extensions` must be an object, or be left out")
    persisted = _persisted_hash(extensions) if extensions else None
    if not isinstance(document_id, str | None):
        raise malformed("`documentId` must be a string, or be left out")
    if document is None and (document_id or persisted):
        document = ""
    elif not isinstance(document, str) or not document:
        raise malformed("`query` must be a string: the document to execute")
    if not isinstance(name, str | None):
        raise malformed("`operationName` must be a string, or be left out")
    if name and len(name) > bounds.word_characters:
        raise malformed(f"`operationName` is longer than {bounds.word_characters} characters")
    if not isinstance(variables, dict | None):
        raise malformed("`variables` must be an object, or be left out")
    if variables:
        _check_values(variables, bounds)
    return Parameters(document, name, variables, document_id or None, persisted)


def _persisted_hash(extensions: Mapping[str, Any]) -> str | None:
    named = extensions.get("persistedQuery")
    if named is None:
        return None
    digest = named.get("sha256Hash") if isinstance(named, dict) else None
    if not isinstance(digest, str) or len(digest) != 64 or named.get("version") != 1:
        raise malformed("`extensions.persistedQuery` has `version: 1` and `sha256Hash`: 64 hexadecimal digits")
    return digest.lower()


def _check_values(variables: dict[str, Any], bounds: Bounds) -> None:
    level: list[Any] = [variables]
    depth = values = 0
    while level:
        depth += 1
        values += sum(map(len, level))
        if depth > bounds.variable_nesting:
            raise malformed(f"`variables` nest deeper than {bounds.variable_nesting} levels")
        if values > bounds.variable_values:
            raise malformed(f"`variables` hold more than {bounds.variable_values} values")
        level = [
            value
            for holder in level
            for value in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(value, dict | list)
        ]
