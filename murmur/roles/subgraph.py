"""One subgraph in a process of its own, for the gateways of others."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from murmur.errors import StartupError
from murmur.identity import TokenVerifier, jwks
from murmur.roles.background import beside
from murmur.roles.keys import access_signer, require_files, trusted_identities
from murmur.roles.process import Role
from murmur.roles.rooms import analytics_room, notifications_room, search_room, timelines_room, tweets_room, users_room
from murmur.roles.schemas import SCHEMAS
from murmur.roles.stores import Stores
from murmur.roles.watching import watch_engines
from murmur.runtime.asgi import subgraph_app
from murmur.settings import Settings
from murmur.settings.production import is_exposed
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics
from subgraphs.analytics.wiring import AnalyticsRoom
from subgraphs.notifications.wiring import NotificationsRoom
from subgraphs.search.wiring import SearchRoom
from subgraphs.timelines.wiring import TimelinesRoom
from subgraphs.tweets.wiring import TweetsRoom
from subgraphs.users.wiring import UsersRoom

Room = UsersRoom | TweetsRoom | TimelinesRoom | NotificationsRoom | SearchRoom | AnalyticsRoom
_ROOMS: Mapping[str, Callable[[Stores, Settings, Metrics], Awaitable[Room]]] = {
    "users": users_room,
    "tweets": tweets_room,
    "timelines": timelines_room,
    "notifications": notifications_room,
    "search": search_room,
    "analytics": analytics_room,
}


@asynccontextmanager
async def open_subgraph(name: str, settings: Settings, metrics: Metrics, health: Health) -> AsyncGenerator[Role]:
    """Opens the stores that this subgraph reads and writes, and no others. Raises StartupError, and Unavailable."""
    identities = TokenVerifier(trusted_identities(settings), "identity")
    signer = access_signer(settings) if name == "users" else None
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        room = await _ROOMS[name](stores, settings, metrics)
        await stack.enter_async_context(beside(watch_engines(stores.opened, health)))
        key_set = None if signer is None else jwks(signer.public_key)
        yield Role(subgraph_app(room.subgraph, identities, health, metrics, key_set))


def check_subgraph(name: str, settings: Settings) -> None:
    """Raises StartupError when there is no such subgraph, or when it can't run in a process of its own."""
    known(name)
    check_apart(name, settings)
    require_files(settings, "identity_public_file", *(["access_key_file"] if name == "users" else []))
    server, plain = settings.server, settings.tls.tls_cert_file is None
    if server.production and plain and is_exposed(f"http://{server.host}"):
        raise StartupError(
            f"production serves no subgraph in plain text to other machines ({server.host}): name the files of MURMUR_TLS_…"
        )


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
    if name == "notifications" and settings.stores.pubsub_url == "memory:":
        raise StartupError(
            "notifications can't be a process of its own while MURMUR_PUBSUB_URL=memory: lets only its own process be told"
        )
