"""Where a path of the query graph stands."""

from dataclasses import dataclass, field

from graphql import SelectionSetNode


@dataclass(frozen=True, slots=True, eq=False)
class Enclosing:
    """An object that sets contexts for what is below it, `up` levels above: where it was first reached, and its types."""

    up: int
    node: "Node"
    types: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Where one stands: an object of `type`, seen from `subgraph` (None above the root fetches).

    `types` are the runtime types that it may have. `provided` may be asked for although external. `granted` are fields
    whose requirements came along. When `closed`, one has just jumped here, and other jumps were weighed before it.
    `scope` are the enclosing objects that set contexts, the nearest first, and `first` is where the object itself was
    first reached, if not here.
    """

    subgraph: str | None
    type: str
    types: frozenset[str]
    provided: tuple[SelectionSetNode, ...] = ()
    granted: frozenset[str] = frozenset()
    closed: bool = False
    scope: tuple[Enclosing, ...] = ()
    first: "Node | None" = None
    identity: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        provided = tuple(map(id, self.provided))
        scope = tuple((each.up, each.node.identity, each.types) for each in self.scope)
        first = self.first.identity if self.first else None
        identity = (self.subgraph, self.type, self.types, provided, self.granted, self.closed, scope, first)
        object.__setattr__(self, "identity", identity)

    def scope_below(self, types: frozenset[str], setters: frozenset[str]) -> tuple[Enclosing, ...]:
        """What encloses an object that a field of those of `types` leads to; `setters` are the types that set contexts."""
        own = self.types & types
        above = tuple(Enclosing(each.up + 1, each.node, each.types) for each in self.scope)
        return (Enclosing(1, self.first or self, own), *above) if own & setters else above
