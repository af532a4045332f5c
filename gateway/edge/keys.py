"""The keys of access tokens, asked of whoever signs with them: a JSON Web Key Set over HTTP."""

import asyncio

import aiohttp
import jwt
import orjson
import structlog

from murmur.errors import Unavailable
from murmur.identity import TokenVerifier, keys_of_jwks
from murmur.telemetry.health import Health

PART = "access keys"
_FETCH_SECONDS = 5.0
_FIRST_SECONDS = 1.0
_REFRESH_SECONDS = 300.0
_LEARN_SECONDS = 10.0
_MAX_BYTES = 65_536
_log = structlog.get_logger()


class RemoteKeys:
    """Has `verifier` trust the keys of the set at `url`.

    It is asked at the start, every five minutes, and when a token names an unknown key; for that at most once in ten seconds,
    whatever tokens are made up. When the set can't be had the keys that are known stay.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession, verifier: TokenVerifier, health: Health) -> None:
        self._url = url
        self._session = session
        self._verifier = verifier
        self._health = health
        self._asking: asyncio.Task[None] | None = None
        self._asked = float("-inf")
        self._known = False
        health.tell(PART, "not known yet")

    async def run(self) -> None:
        """Keep up until cancelled."""
        while True:
            try:
                await self._ask()
            except Unavailable as error:
                _log.warning("the keys of access tokens can't be had", reason=str(error))
            await asyncio.sleep(_REFRESH_SECONDS if self._known else _FIRST_SECONDS)

    async def learn(self) -> None:
        """Ask for the keys now, unless that was just done. Raises Unavailable while none are known."""
        since = asyncio.get_running_loop().time() - self._asked
        if self._asking is not None or since >= (_LEARN_SECONDS if self._known else _FIRST_SECONDS):
            try:
                await self._ask()
            except Unavailable as error:
                _log.warning("the keys of access tokens can't be had", reason=str(error))
        if not self._known:
            raise Unavailable("who signed in can't be told at the moment; try again")

    async def _ask(self) -> None:
        """One request at a time, shared by all who wait."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._fetch())
            self._asking.add_done_callback(self._asked_all)
        await asyncio.shield(self._asking)

    def _asked_all(self, task: asyncio.Task[None]) -> None:
        self._asking = None
        if not task.cancelled():
            # Whoever waited has gone; the next one asks anew.
            task.exception()

    async def _fetch(self) -> None:
        self._asked = asyncio.get_running_loop().time()
        try:
            async with (
                asyncio.timeout(_FETCH_SECONDS),
                self._session.get(self._url, headers={"accept": "application/json"}, allow_redirects=False) as response,
            ):
                if response.status != 200:
                    raise Unavailable(f"the users subgraph answered with HTTP status {response.status}")
                body = b""
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > _MAX_BYTES:
                        raise Unavailable("the users subgraph answered with more than a key set")
            keys = keys_of_jwks(orjson.loads(body))
        except TimeoutError as error:
            raise Unavailable("the users subgraph did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable("the users subgraph can't be reached") from error
        except (orjson.JSONDecodeError, jwt.PyJWTError, TypeError, ValueError) as error:
            raise Unavailable("the users subgraph answered with what is no key set") from error
        if keys:
            self._verifier.trust(keys)
            self._known = True
            self._health.tell(PART, None)
