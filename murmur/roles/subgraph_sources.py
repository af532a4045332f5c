"""Where `schema compose` has subgraphs' schemas from: files, and running subgraphs."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from gateway.federation.composition import SubgraphSdl
from gateway.transports.http import subgraph_session
from murmur.errors import StartupError

_SECONDS = 10.0
_MAX_BYTES = 8 << 20
_AT_ONCE = 16
_SHOWN = 200
_QUESTION = orjson.dumps({"query": "{ _service { sdl } }"})
_SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Source:
    """A subgraph, the file that its schema is in (None: the subgraph itself is asked) and where it is reached."""

    name: str
    file: Path | None
    url: str


def parse_source(text: str) -> Source:
    """`NAME=URL`, `NAME=FILE` or `NAME=FILE=URL`. Raises StartupError."""
    name, _, place = text.partition("=")
    if name and place.startswith(_SCHEMES):
        return Source(name, None, place)
    file, _, url = place.partition("=")
    if not name or not file:
        raise StartupError(f"{text!r}: name each subgraph as NAME=URL, NAME=FILE or NAME=FILE=URL")
    return Source(name, Path(file), url or f"http://127.0.0.1/{name}/graphql")


async def read_sources(
    sources: Sequence[Source], tls: ssl.SSLContext | None = None, *, seconds: float = _SECONDS, max_bytes: int = _MAX_BYTES
) -> list[SubgraphSdl]:
    """The schemas in the order of `sources`, each within `seconds` and `max_bytes`.

    Raises StartupError with all that could not be read, one a line.
    """
    turn = asyncio.Semaphore(_AT_ONCE)

    async def read(source: Source, session: aiohttp.ClientSession) -> SubgraphSdl | str:
        try:
            if source.file is not None:
                return SubgraphSdl(source.name, source.url, source.file.read_text())
            async with turn, asyncio.timeout(seconds):
                return SubgraphSdl(source.name, source.url, _sdl(await _ask(source.url, session, max_bytes)))
        except (OSError, UnicodeDecodeError, aiohttp.ClientError, _NoSchema) as error:
            return f"can't read the schema of {source.name}{_place(source)}: {_reason(error, seconds)}"

    async with subgraph_session(1, tls) as session:
        read_all = await asyncio.gather(*[read(source, session) for source in sources])
    if failures := [each for each in read_all if isinstance(each, str)]:
        raise StartupError("\n".join(failures))
    return [each for each in read_all if isinstance(each, SubgraphSdl)]


class _NoSchema(Exception):
    """What came is not the answer of a subgraph; the message tells why."""


async def _ask(url: str, session: aiohttp.ClientSession, max_bytes: int) -> tuple[int, bytes]:
    """The status and the body."""
    async with session.post(url, data=_QUESTION, allow_redirects=False) as response:
        body = b""
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > max_bytes:
                response.close()
                raise _NoSchema(f"it answered with more than {max_bytes} bytes")
        return response.status, body


def _sdl(answer: tuple[int, bytes]) -> str:
    status, body = answer
    try:
        response: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _NoSchema(f"it answered with HTTP status {status} and no JSON") from error
    match response:
        case {"data": {"_service": {"sdl": str(sdl)}}}:
            return sdl
        case {"errors": [{"message": str(message)}, *_]}:
            raise _NoSchema(f"it says: {_line(message)}")
        case _:
            raise _NoSchema(f"it answered with HTTP status {status} and no schema")


def _place(source: Source) -> str:
    return "" if source.file is not None else f" from {source.url}"


def _reason(error: Exception, seconds: float) -> str:
    match error:
        case TimeoutError():
            return f"no answer within {seconds:g} seconds"
        case aiohttp.InvalidURL():
            return "this is no URL"
        case aiohttp.ClientConnectorError():
            return f"it can't be reached ({error.os_error.strerror or error.os_error})"
        case _:
            return _line(str(error)) or type(error).__name__


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
