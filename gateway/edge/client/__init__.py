"""The web client: one page and its modules, served whole from this origin. It works with no network and runs nothing inline.

The files live below a path that names their content, so that browsers keep them for good and a page never mixes two versions.
"""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.edge.client.text_rules import text_rules
from gateway.partners.model import Document

PAGE_PATH = "/"
FILES_PATH = "/client"
_FOLDER = Path(__file__).parent
_MEDIA = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
_SOURCES = (".js", ".css", ".svg")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_PAGE_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-cache",
}
_KEPT = {"cache-control": "public, max-age=31536000, immutable"}
_ASKED_FOR = {"cache-control": "no-cache"}


@dataclass(frozen=True, slots=True)
class _File:
    media: str
    plain: bytes
    zipped: bytes
    tag: str

    def answer(self, request: Request, headers: dict[str, str]) -> Response:
        headers = {"etag": self.tag, "vary": "accept-encoding", "x-content-type-options": "nosniff", **headers}
        if self.tag in [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.plain, headers=headers, media_type=self.media)
        return Response(self.zipped, headers=headers | {"content-encoding": "gzip"}, media_type=self.media)


class WebClient:
    """Reads the client's files once. `documents` are those that it may run: it is told their ids."""

    def __init__(self, documents: Iterable[Document]) -> None:
        texts = {
            path.relative_to(_FOLDER).as_posix(): path.read_bytes()
            for path in sorted(_FOLDER.rglob("*"))
            if path.suffix in _SOURCES
        }
        texts["operations.json"] = orjson.dumps({each.name: each.id for each in documents})
        texts["text-rules.json"] = text_rules()
        digest = hashlib.sha256(b"".join(b"%b\0%b\0" % (name.encode(), text) for name, text in texts.items()))
        self._version = digest.hexdigest()[:16]
        self._files = {name: _file(_MEDIA[Path(name).suffix], text) for name, text in texts.items()}
        base = f"{FILES_PATH}/{self._version}"
        # All at once, instead of each module when the one that imports it was read.
        modules = "\n".join(f'<link rel="modulepreload" href="{base}/{name}">' for name in texts if name.endswith(".js"))
        page = (_FOLDER / "index.html").read_text().replace("<!-- modules -->", modules).replace("{files}", base)
        self._page = _file("text/html", page.encode())

    def routes(self) -> list[Route]:
        return [Route(PAGE_PATH, self._answer_page), Route(f"{FILES_PATH}/{{version}}/{{name:path}}", self._answer_file)]

    async def _answer_page(self, request: Request) -> Response:
        return self._page.answer(request, _PAGE_HEADERS)

    async def _answer_file(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None:
            return Response("no such file", 404, headers=_ASKED_FOR, media_type="text/plain")
        # While a new version goes out, a page of the one before may ask here: better this file than none, but not for good.
        return file.answer(request, _KEPT if request.path_params["version"] == self._version else _ASKED_FOR)


def _file(media: str, text: bytes) -> _File:
    return _File(media, text, gzip.compress(text, mtime=0), f'"{hashlib.sha256(text).hexdigest()[:32]}"')
