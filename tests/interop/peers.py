"""The npm peers behind one node process: composers, and a gateway whose subgraphs are ours."""

import asyncio
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal, Self

from gateway.federation.composition import SubgraphSdl
from gateway.federation.executor import SubgraphRequest, TransportError
from tests.federation.doubles import Recorder

FOLDER = Path(__file__).parent
_VENV = FOLDER.parents[1] / ".venv" / "bin"
_SECONDS = 60

Peer = Literal["apollo", "guild"]
PEERS: tuple[Peer, ...] = ("apollo", "guild")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a composer said: a supergraph, or the codes and messages of its errors."""

    sdl: str | None
    errors: tuple[tuple[str, str], ...]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(code for code, _ in self.errors)


class PeerFailed(Exception):
    """The peer threw what its callers do not expect."""


def missing() -> str | None:
    """What keeps the peers from running, or None."""
    if node() is None:
        return "node is not installed"
    return None if (FOLDER / "node_modules" / "graphql").exists() else "the npm peers are not installed: make interop"


def node() -> str | None:
    return shutil.which("node", path=f"{os.environ.get('PATH', '')}:{_VENV}")


class Peers:
    """Speaks to `peers.mjs`, one question at a time; ends it on leaving."""

    def __enter__(self) -> Self:
        command = [node() or "node", str(FOLDER / "peers.mjs")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own script
        self._read = b""
        self._ids = count(1)
        self._gateways: dict[str, Mapping[str, Recorder]] = {}
        self._verdicts: dict[tuple[Peer, tuple[SubgraphSdl, ...]], Verdict] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def compose(self, peer: Peer, subgraphs: Iterable[SubgraphSdl]) -> Verdict:
        """What a composer says; asked once, as tests share it."""
        given = tuple(sorted(subgraphs, key=lambda each: each.name))
        if (peer, given) not in self._verdicts:
            answer = self._ask(do="compose", peer=peer, subgraphs=[asdict(each) for each in given])
            errors = tuple((each["code"], each["message"]) for each in answer.get("errors", ()))
            self._verdicts[peer, given] = Verdict(answer.get("sdl"), errors)
        return self._verdicts[peer, given]

    def open(self, gateway: str, sdl: str, subgraphs: Mapping[str, Recorder]) -> None:
        """Serve a supergraph under the name `gateway`."""
        self._gateways[gateway] = subgraphs
        self._ask(do="open", gateway=gateway, sdl=sdl)

    def execute(self, gateway: str, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """Data and errors. Raises PeerFailed where the gateway gives no response at all."""
        answer = self._ask(do="execute", gateway=gateway, query=query, variables=variables)
        return {"data": answer["data"], "errors": answer["errors"]}

    def plan(self, gateway: str, query: str) -> dict[str, Any]:
        """The plan's root node, as the peer prints it in JSON. Raises PeerFailed where there is no plan."""
        return self._ask(do="plan", gateway=gateway, query=query)["plan"].get("node") or {}

    def _ask(self, **question: object) -> dict[str, Any]:
        number = next(self._ids)
        self._send({"id": number, **question})
        while True:
            line = self._receive()
            if "fetch" in line:
                self._send({"fetched": line["fetch"], **self._fetch(line)})
            elif line["id"] == number:
                if "failed" in line:
                    raise PeerFailed(line["failed"])
                return line

    def _fetch(self, line: Mapping[str, Any]) -> dict[str, object]:
        subgraph = self._gateways[line["gateway"]][line["subgraph"]]
        kind: Any = "mutation" if line["query"].lstrip().startswith("mutation") else "query"
        request = SubgraphRequest(line["query"], None, line["variables"], kind)
        try:
            response = asyncio.run(subgraph.fetch(request, None))
        except (AssertionError, TransportError) as error:
            # A document that the subgraph's own schema refuses is answered as a server would.
            return {"data": None, "errors": [{"message": f"refused: {error}"}]}
        return {"data": response.data, "errors": list(response.errors)}

    def _send(self, line: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        while b"\n" not in self._read:
            ready, _, _ = select.select([self._process.stdout], [], [], _SECONDS)
            received = os.read(self._process.stdout.fileno(), 1 << 16) if ready else b""
            if not received:
                raise PeerFailed("the peers ended" if ready else f"the peers did not answer within {_SECONDS} s")
            self._read += received
        text, _, self._read = self._read.partition(b"\n")
        return json.loads(text)
