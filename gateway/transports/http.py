"""A subgraph over HTTP: `POST` of a GraphQL request by the GraphQL over HTTP specification, with the signed identity."""

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import orjson
import structlog

from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, TransportError
from gateway.transports.context import RequestContext
from gateway.transports.deadlines import within

_log = structlog.get_logger()
_GRAPHQL_RESPONSE = "application/graphql-response+json"
_MEDIA_TYPES = (_GRAPHQL_RESPONSE, "application/json")


@asynccontextmanager
async def subgraph_session(connections: int, tls: ssl.SSLContext | None = None) -> AsyncGenerator[aiohttp.ClientSession]:
    """The pool that the HTTP transports of a gateway share: at most `connections` to each subgraph's address, kept open.

    `tls` is for addresses that begin with `https:`; without one they are verified by the machine's own authorities.
    """
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=connections, keepalive_timeout=60, ssl=tls or True)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        # Each fetch has a deadline of its own, which covers connecting and reading.
        timeout=aiohttp.ClientTimeout(total=None),
        headers={
            "accept": f"{_GRAPHQL_RESPONSE}, application/json;q=0.9",
            # Within a data centre a core is dearer than a link.
            "accept-encoding": "identity",
            "content-type": "application/json",
        },
        skip_auto_headers=("user-agent",),
    ) as session:
        yield session


class HttpTransport:
    """`seconds` bounds one fetch from connecting to the last byte, `max_bytes` the body of its response.

    A query is sent a second time when its connection was closed before any byte of a response: a subgraph closes idle
    connections when it likes. A mutation never is.
    """

    def __init__(self, name: str, url: str, session: aiohttp.ClientSession, *, seconds: float, max_bytes: int) -> None:
        self._name = name
        self._url = url
        self._session = session
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._answers = True

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        asked = cast(RequestContext, context)
        try:
            response = await within(self._fetch(request, asked), self._seconds, request, asked)
        except TransportError as error:
            self._tell(failure=error)
            raise
        self._tell(failure=None)
        return response

    def _tell(self, failure: TransportError | None) -> None:
        """Logs the first failure and the first answer after it; metrics count the others."""
        if failure is not None and self._answers:
            _log.warning("subgraph does not answer", subgraph=self._name, reason=str(failure), cause=repr(failure.__cause__))
        elif failure is None and not self._answers:
            _log.info("subgraph answers again", subgraph=self._name)
        self._answers = failure is None

    async def _fetch(self, request: SubgraphRequest, context: RequestContext) -> SubgraphResponse:
        try:
            body = orjson.dumps(
                {"query": request.document, "variables": request.variables, "operationName": request.operation_name}
            )
        except TypeError as error:
            raise TransportError("a value can't be sent as JSON") from error
        headers = context.subgraph_headers(context.caller)
        try:
            return await self._post(body, headers)
        except aiohttp.ClientConnectorError as error:
            raise TransportError("a part of the platform can't be reached") from error
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if request.kind != "query":
                raise TransportError("a part of the platform closed the connection; it may or may not have acted") from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransportError("a part of the platform broke off its answer") from error
        try:
            return await self._post(body, headers)
        except (aiohttp.ClientError, OSError) as error:
            raise TransportError("a part of the platform can't be reached") from error

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> SubgraphResponse:
        async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
            if response.content_type not in _MEDIA_TYPES:
                raise TransportError(f"a part of the platform answered with HTTP status {response.status} and no JSON")
            # By the specification only this media type says that the body of any other status is a GraphQL response.
            if response.status != 200 and response.content_type != _GRAPHQL_RESPONSE:
                raise TransportError(f"a part of the platform answered with HTTP status {response.status}")
            try:
                received = await self._read(response)
            except (aiohttp.ClientError, OSError) as error:
                # Some bytes have come, so it is not for the retry.
                raise TransportError("a part of the platform broke off its answer") from error
            return _decode(received)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._max_bytes:
                # The rest is not wanted, so the connection can't be used again.
                response.close()
                raise TransportError(f"a part of the platform answered with more than {self._max_bytes} bytes")
            chunks.append(chunk)
        return b"".join(chunks)


def _decode(body: bytes) -> SubgraphResponse:
    try:
        response: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise TransportError("a part of the platform answered with what is no JSON") from error
    if isinstance(response, dict):
        errors = response.get("errors") or []
        extensions = response.get("extensions") or {}
        data = response.get("data")
        if (
            ("data" in response or errors)
            and isinstance(data, dict | None)
            and isinstance(extensions, dict)
            and isinstance(errors, list)
            and all(isinstance(error, dict) and isinstance(error.get("message"), str) for error in errors)
        ):
            return SubgraphResponse(data, errors, extensions)
    raise TransportError("a part of the platform answered with what is no GraphQL response")
