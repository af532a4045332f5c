"""The page at `/` and its files: how they are served, and to whom."""

import gzip
import re

import orjson
import pytest

from gateway.edge.client import WebClient
from gateway.edge.client.manifest import own_documents
from gateway.edge.options import EdgeOptions
from gateway.partners.model import document_id
from tests.support.asgi import ask
from tests.support.edge import Edge


@pytest.fixture
def edge() -> Edge:
    return Edge(EdgeOptions(), client=WebClient(own_documents()))


async def files_of(edge: Edge) -> list[str]:
    page = (await ask(edge.app, "GET", "/")).body.decode()
    return re.findall(r'(?:href|src)="(/client/[^"]+)"', page)


async def test_the_page_has_nothing_inline_and_nothing_from_elsewhere(edge: Edge) -> None:
    page = await ask(edge.app, "GET", "/")
    html = page.body.decode()
    policy = page.headers["content-security-policy"]
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|<style|style=|\son\w+=|<script(?![^>]* src=)", html)
    assert page.headers["cache-control"] == "no-cache"


async def test_every_file_that_the_page_names_is_there_and_kept_for_good(edge: Edge) -> None:
    names = await files_of(edge)
    assert len(names) > 10
    for name in names:
        file = await ask(edge.app, "GET", name)
        assert (file.status, file.headers["cache-control"]) == (200, "public, max-age=31536000, immutable"), name
        assert file.headers["x-content-type-options"] == "nosniff"


async def test_every_module_that_another_imports_is_there(edge: Edge) -> None:
    modules = [name for name in await files_of(edge) if name.endswith(".js")]
    for name in modules:
        text = (await ask(edge.app, "GET", name)).body.decode()
        for imported in re.findall(r'from "(\.[^"]+)"', text):
            folder, rest = name.rpartition("/")[0], imported.removeprefix("./")
            while rest.startswith("../"):
                folder, rest = folder.rpartition("/")[0], rest.removeprefix("../")
            assert f"{folder}/{rest}" in modules, (name, imported)


async def test_files_come_compressed_and_are_not_sent_twice(edge: Edge) -> None:
    for path in ["/", *await files_of(edge)]:
        plain = await ask(edge.app, "GET", path)
        zipped = await ask(edge.app, "GET", path, headers={"accept-encoding": "br, gzip"})
        assert gzip.decompress(zipped.body) == plain.body
        again = await ask(edge.app, "GET", path, headers={"if-none-match": f'"other", W/{plain.headers["etag"]}'})
        assert (again.status, again.body) == (304, b"")


async def test_a_page_of_another_version_finds_its_files_but_does_not_keep_them(edge: Edge) -> None:
    name = next(name for name in await files_of(edge) if name.endswith("main.js"))
    older = name.replace(name.split("/")[2], "0123456789abcdef")
    file = await ask(edge.app, "GET", older)
    assert (file.status, file.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["__init__.py", "../client/main.js", "..%2fmanifest.py", "index.html", "nothing.js", ""])
async def test_nothing_else_is_served(edge: Edge, name: str) -> None:
    version = (await files_of(edge))[0].split("/")[2]
    assert (await ask(edge.app, "GET", f"/client/{version}/{name}")).status == 404


async def test_it_is_told_the_ids_of_its_documents(edge: Edge) -> None:
    version = (await files_of(edge))[0].split("/")[2]
    told = orjson.loads((await ask(edge.app, "GET", f"/client/{version}/operations.json")).body)
    assert told == {document.name: document_id(document.text) for document in own_documents()}


async def test_a_gateway_without_a_client_serves_none() -> None:
    edge = Edge()
    assert (await ask(edge.app, "GET", "/")).status == 404
    assert (await ask(edge.app, "GET", "/client/x/main.js")).status == 404
