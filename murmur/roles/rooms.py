"""Opens the stores that the settings name and builds the subgraphs on them."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from murmur.clock import wall_clock
from murmur.errors import StartupError
from murmur.identity import (
    ACCESS_TOKEN_SECONDS,
    IDENTITY_TOKEN_SECONDS,
    TokenSigner,
    load_or_create_key,
)
from murmur.ids import IdSource, NodeLease
from murmur.runtime.subgraph import Subgraph
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics
from subgraphs.timelines import wiring as timelines_wiring
from subgraphs.timelines.wiring import TimelinesRoom
from subgraphs.tweets import wiring as tweets_wiring
from subgraphs.tweets.wiring import TweetsRoom
from subgraphs.users import wiring as users_wiring
from subgraphs.users.model import SignInLimits
from subgraphs.users.service.passwords import PasswordCost
from subgraphs.users.wiring import UsersRoom


@dataclass(frozen=True, slots=True)
class Rooms:
    """Every subgraph of this process, and what signs for the platform."""

    users: UsersRoom
    tweets: TweetsRoom
    timelines: TimelinesRoom
    ids: IdSource
    identities: TokenSigner
    """Signs the identity tokens that the gateway hands to subgraphs."""

    @property
    def subgraphs(self) -> tuple[Subgraph, ...]:
        return self.users.subgraph, self.tweets.subgraph, self.timelines.subgraph


@asynccontextmanager
async def open_rooms(settings: Settings, metrics: Metrics) -> AsyncGenerator[Rooms]:
    """Raises StartupError when a store can't be opened."""
    data_dir = settings.server.data_dir
    try:
        # It holds password hashes and signing keys.
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lease = NodeLease(data_dir / "nodes")
    except OSError as error:
        raise StartupError(
            f"can't write the data folder {data_dir}: {error.strerror}; choose another by MURMUR_DATA_DIR"
        ) from error
    async with AsyncExitStack() as stack:
        stack.callback(lease.close)
        ids = lease.ids()
        users_store = users_wiring.open_store(settings.stores.users_url, data_dir)
        stack.push_async_callback(users_store.close)
        tweets_store = tweets_wiring.open_store(settings.stores.tweets_url, data_dir)
        stack.push_async_callback(tweets_store.close)
        timelines_store = timelines_wiring.open_store(
            settings.stores.timelines_url, data_dir, capacity=settings.timelines.timelines_held
        )
        stack.push_async_callback(timelines_store.close)
        users = users_wiring.build(
            users_store,
            tokens=TokenSigner(load_or_create_key(data_dir / "keys" / "access.pem"), "access", ACCESS_TOKEN_SECONDS),
            throttle=users_wiring.open_throttle(
                SignInLimits(
                    sign_in_per_account=settings.limits.signin_per_account,
                    sign_in_per_address=settings.limits.signin_per_address,
                    sign_up_per_address=settings.limits.signup_per_address,
                )
            ),
            password_cost=PasswordCost(
                time=settings.passwords.argon2_time_cost,
                memory_kib=settings.passwords.argon2_memory_kib,
                parallelism=settings.passwords.argon2_parallelism,
            ),
            ids=ids,
            clock=wall_clock,
        )
        tweets = tweets_wiring.build(
            tweets_store, people=users_store, ids=ids, clock=wall_clock, prohibited=settings.content.prohibited_file
        )
        timelines = timelines_wiring.build(timelines_store, graph=users_store, posts=tweets_store, metrics=metrics)
        identities = TokenSigner(load_or_create_key(data_dir / "keys" / "identity.pem"), "identity", IDENTITY_TOKEN_SECONDS)
        yield Rooms(users, tweets, timelines, ids, identities)
