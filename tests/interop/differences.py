"""Where a peer's composer says otherwise than ours, and why ours stands. A difference that is gone fails its test."""

from .peers import Peer

# `@apollo/composition` is the reference: what it accepts is accepted here.
_APOLLO = {
    "inputs: a one-of input": "graphql-js 16 has no @oneOf, which the GraphQL specification of September 2025 has",
}

_LAX = "the rule is the reference composer's; not checked there"
_GUILD = {
    "directives: a composed directive named without the at sign": _LAX,
    "externals: external on a field of an interface": _LAX,
    "externals: provides a field that its owner does not share": _LAX,
    "federation_1: an interface object over an interface of federation 1 with a key": _LAX,
    "inaccessible: a hidden input field that a default value uses": _LAX,
    "inaccessible: a union whose members are all hidden": _LAX,
    "inaccessible: a hidden argument that a visible interface asks for": _LAX,
    "inaccessible: an argument that a hidden one of the interface asks for, and that is required": _LAX,
    "inputs: an interface field's argument that an implementation elsewhere lacks": _LAX + ": the result is no valid schema",
    "interface_objects: an interface object beside one of its implementations": _LAX,
    "keys: a key selects below a leaf": _LAX,
    "keys: a key leaves an object without a selection": _LAX,
    "keys: a key has a union": _LAX,
    "keys: a key has an alias": _LAX,
    "keys: an implementation has its interface's key, not resolvable": _LAX,
    "keys: an interface with a key lacks an implementation that another subgraph has": _LAX,
    "links: a federation directive defined with an argument of its own": _LAX,
    "links: a federation directive defined on another place": _LAX,
    "links: a link without a version": _LAX,
    "overrides: a field with requires is taken over": _LAX,
    "overrides: a field with provides is taken over": _LAX,
    "overrides: a field that takes over two ways": _LAX,
    "sharing: a subscription that is shareable": _LAX,
    "sharing: shareable twice on one field": _LAX,
    "sharing: a shared field whose possible types have nothing in common": _LAX,
    "sharing: a shared field of an interface that one subgraph knows no types of": _LAX,
    "sharing: a shared union without a common member": _LAX,
    "federation_1: an external field of another type that nothing uses": "an unused @external is dropped, not merged",
    "inaccessible: a built-in scalar is hidden": "directives on built-in scalars are not merged",
    "inputs: a required argument with a default that one subgraph lacks": "an argument with a default need not be given",
    "inputs: an input field whose list defaults are written in another order": "input objects have no order",
    "inputs: an argument list against nullable items": "lists of non-null items are a subtype, and merge to the stricter one",
    "inputs: an argument of two types that a third subgraph lacks": "what one subgraph lacks is dropped, its types with it",
    "links: a directive under another name": "a link's `as` renames the namespace",
    "links: tag linked by itself": "tag v0.3 is known to the reference composer",
    "links: v2.11": "a version of the specification that is not known there",
    "links: v2.12": "a version of the specification that is not known there",
    "links: versions side by side": "a version of the specification that is not known there",
    "satisfiability: a query root below another type": "the root type can be entered in every subgraph",
    "types: renamed root types": "root types have their default names in a supergraph",
    "types: an enum given out, and taken in only by an argument that one subgraph lacks": "the argument is dropped",
}
VERDICTS: dict[Peer, dict[str, str]] = {"apollo": _APOLLO, "guild": _GUILD}

# Of plans on a peer's supergraph.
PLANS: dict[tuple[str, Peer], str] = {
    ("the village", "guild"): "an external field with arguments of an interface object is written as if it were resolved there",
}

# Graphs that `@apollo/gateway` does not load, with what it says.
NOT_SERVED = {"contexts": "context/v0.1 is for: SECURITY but is unsupported"}
