"""What the edge hands through the engine to transports: who asks, and until when an answer is of use."""

from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

from murmur.clock import Clock, wall_clock
from murmur.identity import Caller, TokenSigner

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of one client request, shared by its fetches.

    `deadline` is in seconds of the event loop's clock. `identity_token` gives the signed identity for a subgraph that is
    not in this process.
    """

    caller: Caller
    deadline: float
    identity_token: Callable[[Caller], str]


class IdentityTokens:
    """Signs a caller's identity when it is first needed, and again before half of the token's life is over."""

    def __init__(self, signer: TokenSigner, clock: Clock = wall_clock) -> None:
        self._signer = signer
        self._clock = clock
        self._signed: LRUCache[Caller, tuple[str, int]] = LRUCache(_REMEMBERED)

    def __call__(self, caller: Caller) -> str:
        """A token that is valid for at least half of the signer's seconds."""
        known = self._signed.get(caller)
        if known is None or known[1] - self._clock() < self._signer.seconds * 500:
            known = self._signed[caller] = self._signer.sign(caller)
        return known[0]
