"""Puts the users subgraph together: which store, which throttle, and what it runs on."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from murmur.cache.aside import Observe
from murmur.cache.ports import Cache
from murmur.clock import Clock, wall_clock
from murmur.errors import UnknownScheme
from murmur.identity import TokenSigner, jwks
from murmur.ids import IdSource
from murmur.redis import SCHEMES as REDIS_SCHEMES
from murmur.redis import is_redis, open_redis
from murmur.runtime.subgraph import Subgraph
from murmur.sqlite import path_of
from subgraphs.users.model import SignInLimits
from subgraphs.users.ports import Sessions, Throttle, UsersStore
from subgraphs.users.schema import UsersContext, build_schema
from subgraphs.users.service import UsersService
from subgraphs.users.service.passwords import PasswordCost, Passwords
from subgraphs.users.stores.cached import CachedUsers
from subgraphs.users.stores.limits import MemoryThrottle
from subgraphs.users.stores.sqlite import SqliteUsers
from subgraphs.users.stores.sqlite.sessions import SqliteSessions

_NEO4J = ("neo4j", "neo4j+s", "bolt", "bolt+s")


@dataclass(frozen=True, slots=True)
class UsersRoom:
    subgraph: Subgraph
    service: UsersService
    store: UsersStore
    tokens: TokenSigner

    def jwks(self) -> dict[str, list[dict[str, object]]]:
        """The public keys of the access tokens that this subgraph signs, as a JSON Web Key Set."""
        return jwks(self.tokens.public_key)


def open_store(url: str, data_dir: Path) -> UsersStore:
    """The store that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return SqliteUsers(path_of(url, data_dir, "users"))
    if scheme in _NEO4J:
        from subgraphs.users.stores.neo4j import Neo4jUsers

        return Neo4jUsers(url)
    raise UnknownScheme("users store", url, "sqlite", *_NEO4J)


def cached(store: UsersStore, cache: Cache, observe: Observe) -> UsersStore:
    """The store with a cache of hot profiles beside it; whoever opened the two closes them."""
    return CachedUsers(store, cache, observe)


def open_sessions(url: str, data_dir: Path) -> Sessions:
    """What keeps sessions. Raises StartupError for a scheme that there is no adapter for."""
    if urlsplit(url).scheme == "sqlite":
        return SqliteSessions(path_of(url, data_dir, "sessions"))
    if is_redis(url):
        from subgraphs.users.stores.redis_sessions import RedisSessions

        return RedisSessions(open_redis(url), wall_clock)
    raise UnknownScheme("keeper of sessions", url, "sqlite", *REDIS_SCHEMES)


def open_throttle(url: str, limits: SignInLimits) -> Throttle:
    """What counts tries. Raises StartupError for a scheme that there is no adapter for, and for a limit that can't be read."""
    if urlsplit(url).scheme == "memory":
        return MemoryThrottle(limits)
    if is_redis(url):
        from subgraphs.users.stores.redis import RedisThrottle

        return RedisThrottle(open_redis(url), limits)
    raise UnknownScheme("counter of sign-ins", url, "memory", *REDIS_SCHEMES)


def build(
    store: UsersStore,
    *,
    sessions: Sessions,
    tokens: TokenSigner,
    throttle: Throttle,
    password_cost: PasswordCost,
    ids: IdSource,
    clock: Clock,
    admins: Collection[int] = (),
) -> UsersRoom:
    """The room on what it is given; whoever opened the stores closes them. `tokens` signs access tokens, which say of the
    people among `admins` that they are."""
    service = UsersService(store, sessions, Passwords(password_cost), tokens, throttle, ids, clock, admins)
    subgraph = Subgraph("users", build_schema(), lambda caller: UsersContext(caller, service, store))
    return UsersRoom(subgraph, service, store, tokens)
