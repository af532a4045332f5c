"""Callers whom only the subgraphs know: of their requests, the headers that an operator names are passed on."""

from collections.abc import Collection, Mapping
from typing import Any

from gateway.edge.refusal import malformed
from gateway.transports.context import RequestContext
from murmur.identity import Caller

DEFAULT_HEADERS = ("authorization",)
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")
_OWN = frozenset(
    {
        # Those of the message and of the connection are the gateway's own towards a subgraph.
        "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    }
)  # fmt: skip
_NOBODY = Caller(None)


class ForwardingCallers:
    """`names` are the request headers to pass on, in any case. Raises ValueError for one that can't be.

    A header that came more than once goes on as one, its values joined by commas, so that no two readers take different
    ones for true. Nothing else of a request's headers reaches a subgraph.
    """

    def __init__(self, names: Collection[str] = DEFAULT_HEADERS) -> None:
        self.names = tuple(dict.fromkeys(map(_checked, names)))
        self._names = {name.encode(): name for name in self.names}

    def context(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], deadline: float) -> RequestContext:
        passed: dict[str, str] = {}
        if any(name in headers for name in self._names):
            for name, value in scope["headers"]:
                if known := self._names.get(name):
                    text = _decoded(known, value)
                    passed[known] = f"{passed[known]}, {text}" if known in passed else text
        return RequestContext(_NOBODY, deadline, lambda _caller: passed, tuple(sorted(passed.items())))


def _checked(name: str) -> str:
    name = name.strip().lower()
    if not name or not _NAME_CHARACTERS.issuperset(name):
        raise ValueError(f"{name!r} is no name of a header")
    if name in _OWN:
        raise ValueError(f"the header {name!r} can't be forwarded: it belongs to the gateway's own requests")
    return name


def _decoded(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise malformed(f"the header {name} is not UTF-8") from error
