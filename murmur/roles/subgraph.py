"""One subgraph over HTTP, for the gateway of another process."""

import socket

from murmur.errors import StartupError
from murmur.identity import TokenVerifier
from murmur.roles.rooms import open_rooms
from murmur.roles.schemas import SCHEMAS
from murmur.roles.server import serve
from murmur.runtime.asgi import subgraph_app
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics


async def run_subgraph(name: str, settings: Settings, listener: socket.socket) -> None:
    """Serve until a signal. Raises StartupError."""
    async with open_rooms(settings, Metrics()) as rooms:
        subgraph = next(subgraph for subgraph in rooms.subgraphs if subgraph.name == known(name))
        identities = TokenVerifier({rooms.identities.key_id: rooms.identities.public_key}, "identity")
        await serve(subgraph_app(subgraph, identities), listener, _nothing_to_drain)


def known(name: str) -> str:
    """The name itself. Raises StartupError when there is no such subgraph."""
    if name not in SCHEMAS:
        raise StartupError(f"there is no subgraph {name!r}; the subgraphs are: {', '.join(SCHEMAS)}")
    return name


def check_apart(name: str, settings: Settings) -> None:
    """Raises StartupError when a subgraph can't run in a process of its own because of its store."""
    if name == "timelines" and settings.stores.timelines_url.startswith("memory:"):
        # The fanout worker of `murmur up` fills the timelines of its own process, and no other could show them.
        raise StartupError(
            "timelines can't be a process of its own while MURMUR_TIMELINES_URL=memory: keeps them in that of `murmur up`"
        )


async def _nothing_to_drain() -> None:
    """uvicorn itself waits for the responses that are under way."""
