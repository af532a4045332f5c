"""GraphiQL, served whole from this origin: the page works with no network and runs no inline script."""

import asyncio
import gzip
from dataclasses import dataclass
from html import escape
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.edge.options import Explorer
from gateway.edge.refusal import Header

ASSETS_PATH = "/graphql/explorer"
_ASSETS = {
    "graphiql.js": "text/javascript",
    "graphiql.css": "text/css",
    "editor.worker.js": "text/javascript",
    "json.worker.js": "text/javascript",
    "graphql.worker.js": "text/javascript",
    "page.js": "text/javascript",
    "page.css": "text/css",
}
# The editor writes style attributes, and its style sheet carries its fonts and icons as data.
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/graphiql.css">
<link rel="stylesheet" href="{assets}/page.css">
</head>
<body>
<noscript>The explorer needs JavaScript.</noscript>
<div id="explorer"></div>
<script type="application/json" id="settings">{settings}</script>
<script src="{assets}/graphiql.js" defer></script>
<script src="{assets}/page.js" defer></script>
</body>
</html>
"""
_MISSING = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}: the explorer is not installed</h1>
<p>Its files come from a package. With Node.js, run once and reload:</p>
<pre>npm ci --prefix gateway/edge/explorer</pre>
<p>The API itself is at work: send <code>POST /graphql</code> with a JSON body such as
<code>{{"query": "{{ __typename }}"}}</code>.</p>
</body>
</html>
"""


class ExplorerPage:
    """The page at `/graphql` for browsers. `headers` go with it."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self.headers: tuple[Header, ...] = (
            (b"content-security-policy", _POLICY.encode()),
            (b"referrer-policy", b"no-referrer"),
        )

    def html(self) -> bytes:
        title = escape(self._explorer.title)
        if not (self._explorer.assets / "graphiql.js.gz").is_file():
            return _MISSING.format(title=title).encode()
        # GraphiQL shows its title as HTML.
        settings = orjson.dumps({"title": title, "query": self._explorer.query, "assets": ASSETS_PATH})
        # Within a script element only `<` could end the text.
        return _PAGE.format(title=title, assets=ASSETS_PATH, settings=settings.decode().replace("<", "\\u003c")).encode()


@dataclass(frozen=True, slots=True)
class _Asset:
    tag: str
    zipped: bytes
    plain: bytes


class ExplorerAssets:
    """The page's files, which `npm ci` leaves compressed in the explorer's folder. Each is read once until it changes."""

    def __init__(self, explorer: Explorer) -> None:
        self._folder = explorer.assets
        self._assets: dict[str, _Asset] = {}
        self._reading = asyncio.Lock()

    async def __call__(self, request: Request) -> Response:
        name = request.path_params["name"]
        asset = await self._asset(name) if name in _ASSETS else None
        if asset is None:
            return Response("no such file", 404, media_type="text/plain")
        headers = {
            "etag": asset.tag,
            "cache-control": "no-cache",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if request.headers.get("if-none-match") == asset.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(asset.plain, headers=headers, media_type=_ASSETS[name])
        return Response(asset.zipped, headers=headers | {"content-encoding": "gzip"}, media_type=_ASSETS[name])

    async def _asset(self, name: str) -> _Asset | None:
        """The file as it is now; None where there is none."""
        path = self._folder / f"{name}.gz"
        async with self._reading:
            try:
                status = path.stat()
                tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
                asset = self._assets.get(name)
                if asset is None or asset.tag != tag:
                    # Megabytes: they would hold up every other request for their time.
                    asset = self._assets[name] = await asyncio.to_thread(_read, path, tag)
            except FileNotFoundError:
                return None
        return asset


def _read(path: Path, tag: str) -> _Asset:
    zipped = path.read_bytes()
    return _Asset(tag, zipped, gzip.decompress(zipped))
