"""The people of a graph on a running platform: signed in, able to post, and asked what they see."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import aiohttp

from benchmarks.load import Client, Failed, Published, Tally
from benchmarks.report import check
from benchmarks.workload import PERSON, POSITIONS, Graph, Kind, Workload, request
from murmur.identity import Caller, TokenSigner, Viewer, load_key

_TOKEN_SECONDS = 6 * 60 * 60
_AT_ONCE = 8
_PAGES = 8
"""Of 100 entries: a whole home timeline."""
_PROBE_SECONDS = 0.5
_LOOK_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Community:
    """`tokens` are access tokens by handle."""

    graph: Graph
    tokens: Mapping[str, str]
    client: Client
    workload: Workload

    @classmethod
    async def open(cls, key: Path, session: aiohttp.ClientSession, graph: Graph) -> "Community":
        """Look up everybody's id, and sign tokens with the platform's own `key`, as people from an edge list have no password."""
        signer = TokenSigner(load_key(key), "access", _TOKEN_SECONDS)

        def token(user_id: int) -> str:
            return signer.sign(Caller(Viewer(user_id, "benchmark")))[0]

        anybody = Client(session, {"": token(1)})
        ids: dict[str, str] = {}

        async def look_up(handle: str) -> None:
            ids[handle] = (await anybody.ask("", request(PERSON, handle=handle)))["user"]["id"]

        await each(graph.people, look_up)
        tokens = {handle: token(int(user_id)) for handle, user_id in ids.items()}
        return cls(graph, tokens, Client(session, tokens), Workload(graph, ids))

    def due(self, authors: Iterable[str]) -> int:
        """How many timelines the posts of these authors reach, each author's own included."""
        return sum(len(self.graph.followers[author]) + 1 for author in authors)

    async def read_all(self) -> None:
        """Have everybody read their home timeline once, so that the platform holds it."""
        await each(self.graph.people, self._newest)

    async def probe(self, delays: list[float], tally: Tally) -> None:
        """Until cancelled: somebody posts, and the follower whom fanout reaches last (by id) asks until the post is there.

        `delays` are seconds from the sending of the post to the follower's answer; the posts themselves go to `tally`.
        """
        while True:
            operation = self.workload.of(Kind.COMPOSE)
            started = perf_counter()
            published = await self.client.run(operation, tally, started)
            if published is not None:
                last = max(self.graph.followers[published.author], key=self.workload.id_of)
                try:
                    while published.tweet_id not in await self._newest(last):  # noqa: ASYNC110 (another process makes it so)
                        await asyncio.sleep(_LOOK_SECONDS)
                    delays.append(perf_counter() - started)
                except Failed as failed:
                    tally.errors[f"probe: {failed}"] += 1
            await asyncio.sleep(_PROBE_SECONDS)

    async def verify(self, sample: Collection[Published]) -> None:
        """Tell whether each of these posts stands exactly once in the home timeline of each follower of its author."""
        oldest = min((int(post.tweet_id) for post in sample), default=0)
        wanted: dict[str, set[str]] = {}
        for post in sample:
            for follower in self.graph.followers[post.author]:
                wanted.setdefault(follower, set()).add(post.tweet_id)
        missing = repeated = 0

        async def look(viewer: str) -> None:
            nonlocal missing, repeated
            seen, after = Counter[str](), None
            for _ in range(_PAGES):
                page = (await self.client.ask(viewer, request(POSITIONS, first=100, after=after)))["homeTimeline"]
                seen.update(node["tweet"]["id"] for node in page["nodes"])
                after = page["pageInfo"]["endCursor"]
                if after is None or int(page["nodes"][-1]["tweet"]["id"]) < oldest:
                    break
            missing += sum(seen[tweet_id] == 0 for tweet_id in wanted[viewer])
            repeated += sum(count > 1 for count in seen.values())

        await each(wanted, look)
        places = sum(map(len, wanted.values()))
        check(
            missing == repeated == 0,
            f"the last {len(sample)} posts in {places:,} places of followers' timelines: {missing} missing, {repeated} repeated",
        )

    async def _newest(self, viewer: str) -> Collection[str]:
        data = await self.client.ask(viewer, request(POSITIONS, first=20, after=None))
        return {node["tweet"]["id"] for node in data["homeTimeline"]["nodes"]}


async def each(people: Iterable[str], work: Callable[[str], Awaitable[object]]) -> None:
    """`work` for everybody, a few at once."""
    waiting = iter(people)

    async def take() -> None:
        for person in waiting:
            await work(person)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_AT_ONCE):
            tasks.create_task(take())
