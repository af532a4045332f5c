"""Requests that a browser sends for another site: CORS, and the guard on those that need no preflight."""

from collections.abc import Collection, Mapping

from gateway.edge.refusal import Header, Refusal
from murmur.errors import ErrorCode

_ANYONE = "*"
_PREFLIGHT_SECONDS = b"7200"
_HEADERS = ("x-api-key", "authorization", "content-type", "murmur-preflight", "murmur-query-plan", "x-request-id")


class Origins:
    """No other origin may read an answer unless it is among `allowed`. There are no cookies, so none are ever allowed.

    `headers` are those that it may send beside the edge's own, and `methods` those that it may use.
    """

    def __init__(
        self, allowed: Collection[str], headers: Collection[str] = (), methods: Collection[str] = ("GET", "POST")
    ) -> None:
        self._methods = ", ".join(methods).encode()
        self._headers = ", ".join(sorted({*_HEADERS, *headers})).encode()
        self._anyone = _ANYONE in allowed
        self._allowed = frozenset(origin.rstrip("/").lower().encode() for origin in allowed)

    def guard(self, headers: Mapping[bytes, bytes]) -> None:
        """Raises Refusal (403) for a GET that another site made a browser send, without a preflight.

        Browsers tell by `Sec-Fetch-Site`. A page of another site can set no header such as `Murmur-Preflight` or a JSON
        content type without asking first, by the preflight that is answered here for allowed origins alone.
        """
        if headers.get(b"sec-fetch-site") not in (b"cross-site", b"same-site"):
            return
        asked = b"murmur-preflight" in headers or headers.get(b"content-type", b"").startswith(b"application/json")
        if not asked and not self._allows(headers.get(b"origin")):
            raise Refusal(403, ErrorCode.FORBIDDEN, "from another site, send the header `Murmur-Preflight: 1` or a JSON body")

    def may_connect(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a WebSocket may be opened: browsers open them for any page, without a preflight, but tell its origin."""
        origin = headers.get(b"origin")
        if origin is None or self._allows(origin):
            return True
        return origin.lower().partition(b"://")[2] == headers.get(b"host", b"").lower()

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """What an answer to a request from `origin` says about who may read it."""
        if origin is None or not self._allows(origin):
            return ()
        return (
            (b"access-control-allow-origin", b"*" if self._anyone else origin),
            (b"access-control-expose-headers", b"retry-after, www-authenticate"),
        )

    def preflight(self, origin: bytes | None) -> tuple[Header, ...]:
        """The answer's headers to an `OPTIONS` request from `origin`."""
        allowed = self.headers(origin)
        if not allowed:
            return ()
        return (
            allowed[0],
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", self._headers),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        )

    def _allows(self, origin: bytes | None) -> bool:
        return origin is not None and (self._anyone or origin.lower() in self._allowed)
