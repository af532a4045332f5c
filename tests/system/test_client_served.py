"""Which programs serve the web client."""

from pathlib import Path

import aiohttp

from gateway.edge.client.manifest import own_documents
from tests.support.program import Running, running

IDS = {document.name: document.id for document in own_documents()}


async def page_of(program: Running) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{program.url}/") as answer:
        return answer.status


async def test_a_gateway_apart_serves_the_client_and_knows_its_documents(tmp_path: Path) -> None:
    body = {"documentId": IDS["Me"]}
    async with running("gateway", data_dir=tmp_path / "data") as program, aiohttp.ClientSession() as session:
        assert await page_of(program) == 200
        # No subgraph is there, but the document is known.
        async with session.post(f"{program.url}/graphql", json=body) as answer:
            (error,) = (await answer.json())["errors"]
            assert (error["path"], error["extensions"]["code"]) == (["me"], "UNAVAILABLE")


async def test_who_wants_no_client_gets_none(tmp_path: Path) -> None:
    async with running("up", data_dir=tmp_path / "data", MURMUR_CLIENT="false") as program:
        assert await page_of(program) == 404
        assert "Murmur  " not in program.log
