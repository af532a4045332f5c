"""The programs of `examples/`, each run as its first lines say, against a platform that was started as a user starts it."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.interop.peers import FOLDER as INTEROP
from tests.interop.peers import missing, node
from tests.support.city import City, Person, door_to
from tests.support.program import Running, murmur, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXAMPLES = Path("examples").resolve()
PASSWORD = "correct horse"
SECONDS = 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples") / "data"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(folder: Path) -> AsyncGenerator[Running]:
    async with running("up", data_dir=folder) as program:
        yield program


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(platform: Running) -> AsyncGenerator[City]:
    async with aiohttp.ClientSession() as session:
        yield City(door_to(platform.url, session))


@asynccontextmanager
async def example(*command: str | Path, **environment: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def output(process: asyncio.subprocess.Process) -> str:
    """All that a program wrote, which ends well."""
    async with asyncio.timeout(SECONDS):
        text = (await process.communicate())[0].decode()
    assert process.returncode == 0, text
    return text


async def told(process: asyncio.subprocess.Process, ready: str, cause: Callable[[], Awaitable[object]]) -> str:
    """The line after the one that says `ready`, which `cause`, repeated, brings about."""
    assert process.stdout
    async with asyncio.timeout(SECONDS):
        before = ""
        while ready not in (line := (await process.stdout.readline()).decode()):
            before += line
            assert line, before
        following = asyncio.create_task(process.stdout.readline())
        while not following.done():
            await cause()
            await asyncio.wait([following], timeout=0.3)
    return (await following).decode()


async def fresh_like(city: City, ada: Person) -> None:
    await (await city.person()).engage("like", await ada.tweet("Worth a like"))


async def test_the_first_steps_by_curl(platform: Running) -> None:
    password = 'a "quoted" back\\slash & more'
    async with example("sh", EXAMPLES / "curl" / "first-steps.sh", "curious", password, platform.url) as process:
        text = await output(process)
    assert '"handle":"curious"' in text
    async with example("sh", EXAMPLES / "curl" / "first-steps.sh", "curious", PASSWORD, platform.url) as process:
        assert "TAKEN" in (await process.communicate())[0].decode()
        assert process.returncode == 1


async def test_python_reads_and_listens(platform: Running, city: City) -> None:
    ada = await city.person()
    await ada.tweet("In the timeline")
    script = EXAMPLES / "python" / "live.py"
    async with example(sys.executable, script, ada.handle, PASSWORD, platform.url, "1") as process:
        line = await told(process, "waiting", lambda: fresh_like(city, ada))
        assert line.startswith("LIKE by @")
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0


async def test_javascript_listens(platform: Running, city: City, tmp_path: Path) -> None:
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    ada, bea = await city.person(), await city.person()
    await ada.relate("follow", bea)
    # As `npm install` would leave it.
    shutil.copy(EXAMPLES / "javascript" / "live.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(INTEROP.resolve() / "node_modules")
    async with example(node() or "node", tmp_path / "live.mjs", ada.handle, PASSWORD, platform.url, "1") as process:
        line = await told(process, "connected", lambda: bea.tweet("From Bea"))
        assert line.strip().endswith(f"the newest by @{bea.handle}: From Bea")
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0


async def test_a_partner_gets_an_answer_once_and_then_hears_that_nothing_has_changed(
    platform: Running, city: City, folder: Path
) -> None:
    ada = await city.person()
    published = await murmur("operations", "publish", "--partner", "acme", "schema/operations/Profile.graphql", data_dir=folder)
    key = await murmur("keys", "create", "acme", data_dir=folder)
    document = published.out.split()[0]
    script = EXAMPLES / "partner" / "profile.sh"
    async with example("sh", script, document, ada.handle, platform.url, MURMUR_KEY=key.out.split()[0]) as process:
        answer, status = (await output(process)).strip().splitlines()
    assert f'"handle":"{ada.handle}"' in answer
    assert " 304" in status


async def test_each_example_is_run_here() -> None:
    scripts = {file for file in Path("examples").rglob("*.*") if file.suffix in (".sh", ".py", ".mjs")}  # noqa: ASYNC240 (a few files)
    run = {"curl/first-steps.sh", "python/live.py", "javascript/live.mjs", "partner/profile.sh"}
    assert {file.relative_to("examples").as_posix() for file in scripts} == run
