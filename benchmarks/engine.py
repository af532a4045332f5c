"""What the engine costs a request, without any transport: CPU of planning, finding a plan, and answering a home timeline.

python benchmarks/engine.py
"""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from time import process_time
from typing import Any, cast

from gateway.federation.composition import SubgraphSdl, compose
from gateway.federation.engine import Engine
from gateway.federation.executor import SubgraphRequest, SubgraphResponse
from gateway.federation.supergraph import load_supergraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external"])\n'

SUBGRAPHS = {
    "timelines": """
      type Query { homeTimeline(first: Int): TimelineConnection! }
      type TimelineConnection { edges: [TimelineEdge!]! nodes: [TimelineEntry!]! }
      type TimelineEdge { cursor: String! node: TimelineEntry! }
      type TimelineEntry { tweet: Tweet! retweetedBy: User }
      type Tweet @key(fields: "id", resolvable: false) { id: ID! }
      type User @key(fields: "id", resolvable: false) { id: ID! }
    """,
    "tweets": """
      type Query { tweet(id: ID!): Tweet }
      type Tweet @key(fields: "id") {
        id: ID! text: String! createdAt: String! lang: String likeCount: Int! retweetCount: Int! replyCount: Int!
        viewerLiked: Boolean! viewerRetweeted: Boolean! author: User!
      }
      type User @key(fields: "id", resolvable: false) { id: ID! }
    """,
    "users": """
      type Query { me: User }
      type User @key(fields: "id") { id: ID! handle: String! name: String! avatarUrl: String verified: Boolean! }
    """,
}

DOCUMENT = """
query HomeTimeline($first: Int = 20) {
  homeTimeline(first: $first) {
    edges {
      cursor
      node {
        tweet {
          id text createdAt lang likeCount retweetCount replyCount viewerLiked viewerRetweeted
          author { id handle name avatarUrl verified }
        }
        retweetedBy { id handle name }
      }
    }
  }
}
"""

TWEET = {
    "text": "just setting up", "createdAt": "2026-01-01T00:00:00.000Z", "lang": "en", "likeCount": 3, "retweetCount": 2,
    "replyCount": 0, "viewerLiked": False, "viewerRetweeted": False,
}  # fmt: skip
USER = {"handle": "ada", "name": "Ada Lovelace", "avatarUrl": None, "verified": False}


class Canned:
    """Answers from memory. The answers are made before the clock runs, as the executor takes them for its own."""

    def __init__(self, answer: Callable[[SubgraphRequest], dict[str, Any]]) -> None:
        self._answer = answer
        self._ready: dict[str, list[SubgraphResponse]] = {}
        self._requests: list[SubgraphRequest] = []

    def refill(self, rounds: int) -> None:
        for request in self._requests:
            answer = self._answer(request)
            self._ready[request.document] = [SubgraphResponse(deepcopy(answer)) for _ in range(rounds)]

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:  # noqa: ARG002 - the port's
        if ready := self._ready.get(request.document):
            return ready.pop()
        self._requests.append(request)
        return SubgraphResponse(self._answer(request))


def _timeline(_request: SubgraphRequest) -> dict[str, Any]:
    nodes = [{"tweet": {"id": str(i)}, "retweetedBy": {"id": str(i % 7)} if i % 3 == 0 else None} for i in range(20)]
    return {"homeTimeline": {"edges": [{"cursor": f"c{i}", "node": node} for i, node in enumerate(nodes)]}}


def _tweets(request: SubgraphRequest) -> dict[str, Any]:
    representations: Any = request.variables["representations"]
    return {"_entities": [{**TWEET, "author": {"id": str(int(each["id"]) % 12)}} for each in representations]}


def _users(request: SubgraphRequest) -> dict[str, Any]:
    entities: dict[str, Any] = {}
    for name, representations in request.variables.items():
        entities[name.replace("representations", "_entities")] = [
            {"__typename": "User", **USER} for _ in cast("list[object]", representations)
        ]
    return entities


def _print(name: str, seconds: float, rounds: int) -> None:
    print(f"{name:<58} {seconds / rounds * 1e6:10.1f} µs")


def main() -> None:
    """Prints one line a measure."""
    supergraph = load_supergraph(compose(SubgraphSdl(name, f"http://{name}", LINK + sdl) for name, sdl in SUBGRAPHS.items()))
    transports = {"timelines": Canned(_timeline), "tweets": Canned(_tweets), "users": Canned(_users)}
    engine = Engine(supergraph, transports)
    rounds = 100
    start = process_time()
    for number in range(rounds):
        engine.prepare(f"{DOCUMENT} # {number}")
    _print("parse, validate and plan the home timeline", process_time() - start, rounds)
    rounds = 20_000
    start = process_time()
    for _ in range(rounds):
        engine.prepare(DOCUMENT)
    _print("find a cached plan", process_time() - start, rounds)
    operation = engine.prepare(DOCUMENT)
    print(operation.plan)

    async def answer(rounds: int) -> float:
        for transport in transports.values():
            transport.refill(rounds)
        start = process_time()
        for _ in range(rounds):
            response = await engine.execute(operation, {"first": 20}, None)
            if "errors" in response:
                raise SystemExit(f"the engine answered with errors: {response['errors']}")
        return process_time() - start

    asyncio.run(answer(1))
    rounds = 2_000
    _print("answer 20 entries with authors, all three fetches", asyncio.run(answer(rounds)), rounds)


if __name__ == "__main__":
    main()
