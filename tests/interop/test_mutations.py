"""Mutations over two subgraphs run in order here and in @apollo/gateway, each root field once."""

import asyncio
from typing import Any

from gateway.federation.composition import compose
from gateway.federation.engine import Engine
from gateway.federation.supergraph import load_supergraph
from tests.federation.doubles import Data, Recorder

from .graphs import SMALL
from .peers import Peers

GRAPH = next(graph for graph in SMALL if graph.name == "mutations and a subscription")
SDL = compose(GRAPH.subgraphs)
DOCUMENT = """
mutation ($to: String!, $quiet: Boolean = true) {
  first: rename(to: $to) { name mails }
  flush
  send { id name mails }
  remove
  second: rename(to: "Eve") { mails }
  flush @skip(if: $quiet)
  last: flush
}
"""


class Log:
    """Two subgraphs over one person, and the root fields that were run, in order."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.user: Data = {"__typename": "User", "id": "1", "name": "Ada", "mails": 0}
        roots: Any = {each: self._runner(each) for each in ("rename", "remove", "send", "flush")}
        self.subgraphs = {each.name: Recorder(each.sdl, roots, {"User": lambda _given: self.user}) for each in GRAPH.subgraphs}

    def _runner(self, name: str) -> Any:
        def run(_info: object, to: str | None = None) -> object:
            self.ran.append(name)
            self.user["mails"] += name == "send"
            if to is not None:
                self.user["name"] = to
            return len(self.ran) if name == "flush" else name == "remove" or dict(self.user)

        return run


def test_root_fields_run_in_order_and_once(peers: Peers) -> None:
    ours, theirs = Log(), Log()
    engine = Engine(load_supergraph(SDL), ours.subgraphs)
    here = asyncio.run(engine.execute(engine.prepare(DOCUMENT), {"to": "Bob"}, None))
    peers.open("mutations", SDL, theirs.subgraphs)
    there = peers.execute("mutations", DOCUMENT, {"to": "Bob"})

    assert ours.ran == ["rename", "flush", "send", "remove", "rename", "flush"]
    assert theirs.ran == ours.ran
    assert there["data"] == here["data"]
    assert not there["errors"]
    assert "errors" not in here
