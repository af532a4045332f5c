"""What is seen and found within a moment: events at sockets, memory of a socket, and the index."""

import asyncio
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import aiohttp

from benchmarks.community import Community
from benchmarks.load import quantile
from benchmarks.report import line, ms, title
from benchmarks.server import Server, run_import
from benchmarks.sockets import Follower, followers
from benchmarks.workload import COMPOSE, read_graph, request

_AUTHOR = "star"
_HOME = "subscription { homeTimelineUpdated { newCount newest { tweet { id text author { handle } } } } }"
_UPDATED = "subscription ($id: ID!) { tweetUpdated(id: $id) { id likeCount author { handle } } }"
_UNREAD = "subscription { unreadCountChanged }"
_SEARCH = "query ($query: String!) { search(query: $query, order: LATEST) { nodes { ... on Tweet { id } } } }"
_LIKE = "mutation ($id: ID!) { like(tweetId: $id) { userErrors { code } } }"
_LOOK_SECONDS = 0.002
_BEGIN_SECONDS = 1.0
_BATCH = 500


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_platform(Path(folder), people=300))


async def _platform(folder: Path, people: int) -> None:
    edges = folder / "star.edges"
    edges.write_text("".join(f"{_AUTHOR} f{number}\n" for number in range(people)))
    await run_import(folder / "data", "--follows", str(edges), "--mutual")
    async with (
        Server(folder / "data") as server,
        aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        title(f"`murmur up`, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
        community = await Community.open(folder / "data" / "keys" / "access.pem", session, read_graph(edges))
        await community.read_all()
        crowd = [token for handle, token in community.tokens.items() if handle != _AUTHOR]
        await _memory(server, session, crowd)
        for number in (1, 100):
            await _events(session, community, crowd[:number])
        await _served(server, session, community, crowd)
        await _index(community)


async def _memory(server: Server, session: aiohttp.ClientSession, crowd: Sequence[str], sockets: int = 1_000) -> None:
    """Of connections that are let in and say nothing, and then of the same ones with a subscription each."""
    before = _resident(server)
    async with followers(session, [crowd[number % len(crowd)] for number in range(sockets)]) as opened:
        await asyncio.sleep(_BEGIN_SECONDS)
        idle = _resident(server) - before
        line("memory of an idle connection", f"{idle / sockets / 1024:,.1f} KiB", f"{sockets:,} sockets; aim: 30 KB")
        await asyncio.gather(*(each.subscribe(_UNREAD) for each in opened))
        await asyncio.sleep(_BEGIN_SECONDS)
        more = _resident(server) - before - idle
        line("a subscription on it, besides", f"{more / sockets / 1024:,.1f} KiB", f"of {len(crowd)} people")


async def _events(session: aiohttp.ClientSession, community: Community, tokens: Sequence[str], posts: int = 60) -> None:
    """From the answer to a post, which comes when it is durable, to the event at each follower's socket."""
    async with followers(session, tokens, keep=True) as opened:
        await asyncio.gather(*(each.subscribe(_HOME) for each in opened))
        await asyncio.sleep(_BEGIN_SECONDS)
        answered: dict[str, float] = {}
        for number in range(posts):
            data = await community.client.ask(_AUTHOR, request(COMPOSE, text=f"post {number}"))
            answered[data["createTweet"]["tweet"]["id"]] = perf_counter()
            await asyncio.sleep(0.2)
        await asyncio.sleep(_BEGIN_SECONDS)
        delays: list[float] = []
        for each in opened:
            for at, event in each.heard:
                posted = answered.get(event["homeTimelineUpdated"]["newest"]["tweet"]["id"])
                if posted is not None:
                    delays.append(max(at - posted, 0))
        told = f"{len(opened)} followers, {posts} posts, {len(delays):,} events; aim: 100 ms"
        line(f"post to event, {len(opened)} followers, p50", ms(quantile(delays, 0.5)), told)
        line(f"post to event, {len(opened)} followers, p99", ms(quantile(delays, 0.99)))


async def _served(
    server: Server, session: aiohttp.ClientSession, community: Community, crowd: Sequence[str], seconds: float = 5
) -> None:
    """Events of one tweet that is liked again and again, to people each of whom sees it their own way, and to anybody."""
    for name, tokens in (("each their own", crowd[:200]), ("sharing a run", [None] * 1_000)):
        data = await community.client.ask(_AUTHOR, request(COMPOSE, text=f"liked by many, {name}"))
        tweet = data["createTweet"]["tweet"]["id"]
        async with followers(session, tokens) as opened:
            await asyncio.gather(*(each.subscribe(_UPDATED, id=tweet) for each in opened))
            await asyncio.sleep(_BEGIN_SECONDS)
            started, used, received = perf_counter(), server.cpu_seconds(), _received(opened)
            for handle in community.tokens:
                if perf_counter() - started > seconds:
                    break
                await community.client.ask(handle, request(_LIKE, id=tweet))
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)
            took, used, served = perf_counter() - started, server.cpu_seconds() - used, _received(opened) - received
            line(
                f"events served, {len(opened):,} {name}",
                f"{served / took:,.0f} /s",
                f"{used / max(served, 1) * 1e6:,.0f} µs of CPU each, likes included",
            )


def _received(opened: Sequence[Follower]) -> int:
    return sum(each.received for each in opened)


async def _index(community: Community, posts: int = 60) -> None:
    """From the answer to a post until a search for it finds it, asked again and again."""
    delays: list[float] = []
    for number in range(posts):
        word = f"needle{number}x"
        await community.client.ask(_AUTHOR, request(COMPOSE, text=f"a {word} in the hay"))
        started = perf_counter()
        while not await _finds(community, word):  # noqa: ASYNC110 (another process makes it so)
            await asyncio.sleep(_LOOK_SECONDS)
        delays.append(perf_counter() - started)
    line("post to search, p50", ms(quantile(delays, 0.5)), "aim: a second")
    line("post to search, p99", ms(quantile(delays, 0.99)))


async def _finds(community: Community, word: str) -> bool:
    return bool((await community.client.ask("f0", request(_SEARCH, query=word)))["search"]["nodes"])


def _resident(server: Server) -> int:
    """Bytes of memory that the process holds now."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0
