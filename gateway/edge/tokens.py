"""Callers by Murmur's own tokens: the person of the access token, and the network address."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from gateway.edge.refusal import Refusal
from gateway.transports.context import IdentityHeaders, RequestContext
from murmur.errors import ErrorCode, Unauthenticated, Unavailable
from murmur.identity import Caller, TokenSigner, TokenVerifier, UnknownKey, Viewer

Network = IPv4Network | IPv6Network
_MAX_TOKEN = 4_096


class TokenCallers:
    """`verifier` knows access tokens, and `signer` makes the identity tokens that subgraphs trust.

    Without a token the caller has no viewer; any other token is refused. `trusted_proxies` are the networks whose word on
    where a request comes from is believed. `learn` brings the verifier's keys up to date where a token names another one;
    it raises Unavailable where that can't be done.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        signer: TokenSigner,
        trusted_proxies: Sequence[Network] = (),
        learn: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._verifier = verifier
        self._headers = IdentityHeaders(signer)
        self._trusted = tuple(trusted_proxies)
        self._learn = learn

    def context(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], deadline: float
    ) -> RequestContext | Awaitable[RequestContext]:
        authorization = headers.get(b"authorization")
        try:
            return self._context(scope, authorization, deadline)
        except UnknownKey as error:
            if self._learn is None:
                raise _unauthenticated(str(error)) from error
            return self._learned(self._learn, scope, authorization, deadline)

    async def _learned(
        self, learn: Callable[[], Awaitable[None]], scope: Mapping[str, Any], authorization: bytes | None, deadline: float
    ) -> RequestContext:
        try:
            await learn()
            return self._context(scope, authorization, deadline)
        except UnknownKey as error:
            raise _unauthenticated(str(error)) from error
        except Unavailable as error:
            raise Refusal(503, ErrorCode.UNAVAILABLE, str(error), (b"retry-after", b"1")) from error

    def _context(self, scope: Mapping[str, Any], authorization: bytes | None, deadline: float) -> RequestContext:
        viewer, expires_at = (None, None) if authorization is None else self._viewer(authorization)
        caller = Caller(viewer, self._address(scope))
        return RequestContext(caller, deadline, self._headers, viewer and (viewer.user_id, viewer.admin), expires_at)

    def _viewer(self, authorization: bytes) -> tuple[Viewer | None, int]:
        """Raises Refusal, or UnknownKey."""
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or len(token) > _MAX_TOKEN:
            raise _unauthenticated("send `Authorization: Bearer TOKEN` with an access token, or leave the header out")
        try:
            caller, expires_at = self._verifier.verify_until(token.strip().decode("latin-1"))
        except UnknownKey:
            raise
        except Unauthenticated as error:
            raise _unauthenticated(str(error)) from error
        return caller.viewer, expires_at

    def _address(self, scope: Mapping[str, Any]) -> str:
        client = scope.get("client")
        peer = client[0] if client else ""
        if not self._trusted or not self._is_trusted(peer):
            return peer
        # A proxy appends the address that it saw, so the last one that no proxy of ours has is the client's.
        values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        for hop in reversed(b",".join(values).decode("latin-1").split(",")):
            address = hop.strip()
            if not _is_address(address):
                break
            peer = address
            if not self._is_trusted(address):
                break
        return peer

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _unauthenticated(message: str) -> Refusal:
    return Refusal(401, ErrorCode.UNAUTHENTICATED, message, (b"www-authenticate", b'Bearer error="invalid_token"'))
