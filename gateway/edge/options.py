"""What an operator may set at the edge, as values."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from murmur.sockets.session import SocketLimits

_EXAMPLE = """# What can be asked here. Ctrl-Enter runs it, Ctrl-Space completes.
query Fields {
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may hold. All is checked before anything recursive reads it."""

    body_bytes: int = 1024 * 1024
    url_bytes: int = 16 * 1024
    document_bytes: int = 100_000
    tokens: int = 10_000
    nesting: int = 60
    """Of braces, brackets and parentheses in a document."""
    aliases: int = 200
    root_fields: int = 100
    """Of one operation or fragment."""
    word_characters: int = 256
    """Of a name or number in a document."""
    variable_nesting: int = 32
    variable_values: int = 20_000


@dataclass(frozen=True, slots=True)
class Explorer:
    """The GraphiQL page. `assets` is the folder that `npm ci` in `gateway/edge/explorer/` fills."""

    title: str = "GraphiQL"
    query: str = _EXAMPLE
    assets: Path = Path(__file__).parent / "explorer" / "dist"


ErrorsShown = Literal["known", "coded", "all"]
"""Which errors a client is told as they are: those with a code of Murmur's, those with any code, or all. No others' text."""


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """`explorer` None serves no page. `allowed_origins` may call from a browser: each as `https://host[:port]`, or `*`.

    `allowed_headers` are those that they may send beside the edge's own. `seconds` is the time for a request; its fetches
    end by then, and a request that has not answered a second later is given up.
    """

    bounds: Bounds = field(default_factory=Bounds)
    explorer: Explorer | None = field(default_factory=Explorer)
    allowed_origins: tuple[str, ...] = ()
    allowed_headers: tuple[str, ...] = ()
    seconds: float = 10.0
    answer_objects: int | None = None
    """The most objects that an answer may come to (`cost.py`); None is no bound."""
    published_only: bool = False
    """Whether a document that was not published is refused, whoever asks."""
    show_plans: bool = False
    """Whether `murmur-query-plan: 1` puts the query plan into `extensions.queryPlan`."""
    errors: ErrorsShown = "known"
    most_sockets: int = 3_000
    """WebSockets at once, and as many streams of server-sent events."""
    socket: SocketLimits = field(default_factory=SocketLimits)
    """What one WebSocket, or one stream of server-sent events, may keep; who shares a subscription may leave as many messages."""
    most_unopened_streams: int = 100
    """Streams of one person, or one address, that are reserved and not open yet; one more takes the place of the oldest."""
    unshared_subscriptions: frozenset[str] = frozenset()
    """Root fields whose events depend on when one began to follow, so that each who follows has a run of their own."""
