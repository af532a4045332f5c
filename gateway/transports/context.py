"""What the edge hands through the engine to transports: who asks, and until when an answer is of use."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace

from cachetools import LRUCache

from murmur.clock import Clock, wall_clock
from murmur.identity import IDENTITY_HEADER, Caller, TokenSigner

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of one client request, shared by its fetches.

    `deadline` is in seconds of the event loop's clock. `subgraph_headers` gives what a subgraph that is not in this
    process is told of the caller, as headers of the request to it; it is called once a fetch. Callers whose `identity` is
    equal are told the same. `expires_at` is when the caller's token ends, in milliseconds since the Unix epoch.
    """

    caller: Caller
    deadline: float
    subgraph_headers: Callable[[Caller], Mapping[str, str]]
    identity: Hashable = None
    expires_at: int | None = None

    def until(self, deadline: float) -> "RequestContext":
        """The same caller with another deadline."""
        return replace(self, deadline=deadline)


class IdentityHeaders:
    """The header with a caller's signed identity: signed when it is first needed, and again before half of its life is over."""

    def __init__(self, signer: TokenSigner, clock: Clock = wall_clock) -> None:
        self._signer = signer
        self._clock = clock
        self._signed: LRUCache[Caller, tuple[Mapping[str, str], int]] = LRUCache(_REMEMBERED)

    def __call__(self, caller: Caller) -> Mapping[str, str]:
        """A header whose token is valid for at least half of the signer's seconds."""
        known = self._signed.get(caller)
        if known is None or known[1] - self._clock() < self._signer.seconds * 500:
            token, expires_ms = self._signer.sign(caller)
            known = self._signed[caller] = {IDENTITY_HEADER: token}, expires_ms
        return known[0]
