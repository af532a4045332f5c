"""A gateway that asks for the keys of access tokens: when it does, how often, and what it does meanwhile."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aiohttp
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.edge.keys import RemoteKeys
from gateway.edge.refusal import Refusal
from gateway.edge.tokens import TokenCallers
from gateway.transports.context import RequestContext
from murmur.identity import JWKS_PATH, Caller, TokenSigner, TokenVerifier, Viewer, jwks
from murmur.telemetry.health import Health
from tests.support.asgi import served


def _signer() -> TokenSigner:
    return TokenSigner(Ed25519PrivateKey.generate(), "access", 900)


@dataclass
class _Issuer:
    """Publishes the keys of its signers, or an answer that is none."""

    signers: list[TokenSigner] = field(default_factory=lambda: [_signer()])
    broken: bytes | None = None
    asked: int = 0

    async def answer(self, _request: Request) -> Response:
        self.asked += 1
        return Response(self.broken or orjson.dumps(jwks(*(signer.public_key for signer in self.signers))))

    def token(self, number: int = 0) -> bytes:
        return b"Bearer " + self.signers[number].sign(Caller(Viewer(7, "session")))[0].encode()


@dataclass
class _Gateway:
    issuer: _Issuer
    keys: RemoteKeys
    health: Health
    callers: TokenCallers

    async def user(self, token: bytes) -> int | None:
        """Who the edge takes a request for. Raises Refusal."""
        context = self.callers.context({"client": ("192.0.2.1", 1), "headers": []}, {b"authorization": token}, 1.0)
        if not isinstance(context, RequestContext):
            context = await context
        return context.caller.viewer and context.caller.viewer.user_id

    async def refused(self, token: bytes) -> int:
        with pytest.raises(Refusal) as refused:
            await self.user(token)
        return refused.value.status


@pytest.fixture
async def gateway() -> AsyncIterator[_Gateway]:
    issuer, verifier, health = _Issuer(), TokenVerifier({}, "access"), Health()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(Starlette(routes=[Route(JWKS_PATH, issuer.answer)])))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        keys = RemoteKeys(f"{url}{JWKS_PATH}", session, verifier, health)
        identities = TokenSigner(Ed25519PrivateKey.generate(), "identity", 60)
        yield _Gateway(issuer, keys, health, TokenCallers(verifier, identities, learn=keys.learn))


async def test_the_first_token_brings_the_keys_and_the_next_ones_need_none(gateway: _Gateway) -> None:
    assert gateway.health.reasons == ["access keys: not known yet"]
    assert [await gateway.user(gateway.issuer.token()) for _ in range(5)] == [7] * 5
    assert gateway.issuer.asked == 1
    assert gateway.health.reasons == []


async def test_while_no_key_is_known_a_signed_request_is_to_be_tried_again_and_not_to_sign_in_again(gateway: _Gateway) -> None:
    for broken in (b"no json", b"[]", b'{"keys": [{"kty": "none"}]}', b"x" * 100_000):
        gateway.issuer.broken = broken
        assert await gateway.refused(gateway.issuer.token()) == 503
    assert gateway.health.reasons != []


async def test_made_up_keys_do_not_make_the_gateway_ask_again_and_again(gateway: _Gateway) -> None:
    await gateway.user(gateway.issuer.token())
    strangers = [_Issuer().token() for _ in range(20)]
    assert [await gateway.refused(token) for token in strangers] == [401] * 20
    assert gateway.issuer.asked <= 2
    assert await gateway.user(gateway.issuer.token()) == 7


async def test_a_new_key_is_learnt_and_what_a_withdrawn_one_signed_is_refused(
    gateway: _Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.edge.keys._LEARN_SECONDS", 0.0)
    old = gateway.issuer.token()
    assert await gateway.user(old) == 7
    gateway.issuer.signers.append(_signer())
    assert await gateway.user(gateway.issuer.token(1)) == 7
    assert await gateway.user(old) == 7
    gateway.issuer.signers.pop(0)
    assert await gateway.refused(_Issuer().token()) == 401
    assert await gateway.refused(old) == 401
    assert await gateway.user(gateway.issuer.token()) == 7


async def test_when_the_keys_can_not_be_had_those_that_are_known_stay(gateway: _Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.edge.keys._LEARN_SECONDS", 0.0)
    await gateway.user(gateway.issuer.token())
    gateway.issuer.broken = b"{}"
    assert await gateway.refused(_Issuer().token()) == 401
    assert await gateway.user(gateway.issuer.token()) == 7
    assert gateway.health.reasons == []
