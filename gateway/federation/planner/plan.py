"""The query plan: immutable, printable, made of Fetch, Sequence, Parallel, Flatten, Condition and Subscription."""

from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace
from typing import Literal

from .operation import Condition as AllOf

OperationKind = Literal["query", "mutation", "subscription"]

Path = tuple[str | frozenset[str], ...]
"""Where in the tree: keys, "@" for every item of a list, and sets of the runtime types to go on with."""

LIST = "@"


@dataclass(frozen=True, slots=True)
class InputField:
    """A field of a representation: called `name` in it, found under `key` in the tree, for the runtime types `types`.

    `dependents` are the fields that mean nothing where it is missing; a key has none, as without it nothing is asked.
    """

    name: str
    key: str
    types: frozenset[str] | None
    nullable: bool
    children: "tuple[InputField, ...]"
    dependents: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Representation:
    """How an object becomes a representation: objects of `types` (None: all) are sent as `typename` with `fields`."""

    types: frozenset[str] | None
    typename: str
    fields: tuple[InputField, ...]


@dataclass(frozen=True, slots=True)
class ContextSource:
    """Where the value of a context may be: in the object `up` levels above, if it is one of `types` (None: any).

    Each of `paths` leads from there to the value, for objects of other types.
    """

    up: int
    types: frozenset[str] | None
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ContextInput:
    """A variable of the type `declared`, filled from the first of `sources` that sets the context.

    `dependents` are the fields that mean nothing where it is missing.
    """

    declared: str
    sources: tuple[ContextSource, ...]
    dependents: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Rename:
    """An answer's field that had to travel as `alias`, though the tree knows it as `key`; `path` leads to its parents."""

    path: tuple[str, ...]
    alias: str
    key: str


@dataclass(frozen=True, slots=True)
class Brought:
    """A field that an answer brings to an object, under its name in the tree."""

    key: str
    children: "tuple[Brought, ...]"


@dataclass(frozen=True, slots=True)
class Flatten:
    """The part of a fetch that is for the objects at `paths`.

    With `representations` it asks for their entities, under `alias` in the answer and with the representations in
    `variable`; without, it asks for root fields, which each object gets. `brought` is what is missing where it fails.
    With `any_of` it asks for no entity unless one of these holds: the fetch is then for its other parts.
    With `contexts` it is sent once for each set of their values, which are in `context_variables`.
    """

    paths: tuple[Path, ...]
    representations: tuple[Representation, ...]
    selection: str
    brought: tuple[Brought, ...]
    renames: tuple[Rename, ...]
    alias: str
    variable: str
    any_of: tuple[AllOf, ...] = ()
    contexts: tuple[ContextInput, ...] = ()
    context_variables: tuple[str, ...] = ()

    def copy(self, number: int) -> "Flatten":
        """The part as it travels for its set of values `number`."""
        mark = copy_mark(number)
        variables = tuple(each + mark for each in self.context_variables)
        return replace(self, alias=self.alias + mark, variable=self.variable + mark, context_variables=variables)


@dataclass(frozen=True, slots=True)
class PartText:
    """What a part adds to a document: variables that it declares, and its root field. A copy's mark goes between the pieces."""

    declared: tuple[str, ...]
    root: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document whose parts may travel in several copies."""

    head: str
    parts: tuple[PartText, ...]
    variables: tuple[str, ...]
    directives: str

    def document(self, copies: Items[int]) -> str:
        """The document with so many copies of each part."""
        marked = [(part, copy_mark(each)) for part, count in zip(self.parts, copies, strict=True) for each in range(count)]
        declared = [mark.join(part.declared) for part, mark in marked if part.declared]
        declared += self.variables
        head = self.head + (f"({','.join(declared)})" if declared else "") + self.directives
        roots = " ".join(mark.join(part.root) for part, mark in marked)
        return f"{'' if head == 'query' else head}{{{roots}}}"


def copy_mark(number: int) -> str:
    return f"_{number}" if number else ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request to a subgraph, in parts. `variables` are those of the operation that its document declares.

    `text` is there if parts may travel in several copies, and `document` has each of them once.
    """

    subgraph: str
    kind: OperationKind
    document: str
    operation_name: str | None
    variables: tuple[str, ...]
    parts: tuple[Flatten, ...]
    text: DocumentText | None = None

    def __str__(self) -> str:
        return print_node(self)


@dataclass(frozen=True, slots=True)
class Sequence:
    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Parallel:
    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Condition:
    """`node`, if all the variables of any alternative have the values named."""

    any_of: tuple[AllOf, ...]
    node: "Node"


@dataclass(frozen=True, slots=True)
class Subscription:
    """`primary` opens the stream; `rest` runs for each of its events."""

    primary: Fetch
    rest: "Node | None"


Node = Fetch | Sequence | Parallel | Condition | Subscription


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """`root` is None when no subgraph is needed."""

    root: Node | None

    def __str__(self) -> str:
        if self.root is None:
            return "QueryPlan {}"
        return "QueryPlan {\n" + _indent(print_node(self.root)) + "\n}"

    def fetches(self) -> Iterator[Fetch]:
        return _fetches(self.root) if self.root else iter(())


def _fetches(node: Node) -> Iterator[Fetch]:
    match node:
        case Fetch():
            yield node
        case Sequence() | Parallel():
            for each in node.nodes:
                yield from _fetches(each)
        case Condition():
            yield from _fetches(node.node)
        case Subscription():
            yield node.primary
            if node.rest:
                yield from _fetches(node.rest)


def print_node(node: Node) -> str:
    match node:
        case Fetch():
            return _print_fetch(node)
        case Sequence():
            return _block("Sequence", [print_node(each) for each in node.nodes])
        case Parallel():
            return _block("Parallel", [print_node(each) for each in node.nodes])
        case Condition():
            return _block(f"Condition(if: {print_condition(node.any_of)})", [print_node(node.node)])
        case Subscription():
            primary = _block("Primary", [print_node(node.primary)])
            rest = [_block("Rest", [print_node(node.rest)])] if node.rest else []
            return _block("Subscription", [primary, *rest])


def print_condition(any_of: Items[AllOf]) -> str:
    return " or ".join(" and ".join(f"${name}" if wanted else f"not ${name}" for name, wanted in each) for each in any_of)


def print_path(path: Path) -> str:
    text = ""
    for element in path:
        if isinstance(element, frozenset):
            text += f"|[{','.join(sorted(element))}]"
        else:
            text += ("." if text else "") + element
    return text


def print_representation(representation: Representation) -> str:
    typename, types = representation.typename, representation.types
    other = f" from {', '.join(sorted(types))}" if types and types != frozenset((typename,)) else ""
    return f"... on {typename} {{ {_print_inputs(representation.fields)} }}{other}"


def _print_fetch(fetch: Fetch) -> str:
    head = f'Fetch(service: "{fetch.subgraph}")'
    if fetch.kind != "query":
        head += f" {fetch.kind}"
    if len(fetch.parts) != 1:
        return _block(head, [_block(_print_flatten(each), [_print_part(each)]) for each in fetch.parts])
    part = fetch.parts[0]
    printed = _block(head, [_print_part(part)])
    return _block(_print_flatten(part), [printed]) if part.paths != ((),) else printed


def _print_flatten(part: Flatten) -> str:
    paths = ", ".join(f'"{print_path(path)}"' for path in part.paths)
    condition = f", if: {print_condition(part.any_of)}" if part.any_of else ""
    return f"Flatten(path: {paths}{condition})"


def _print_part(part: Flatten) -> str:
    if not part.representations:
        return part.selection
    inputs = [print_representation(each) for each in part.representations]
    contexts = [print_context(number, each) for number, each in enumerate(part.contexts)]
    return "\n".join([*inputs, *contexts, "=>", part.selection])


def print_context(number: int, context: ContextInput) -> str:
    """The input with the ways to its value: up from the entity to the enclosing object, and down from there."""
    sources = [_print_source(source, path) for source in context.sources for path in source.paths]
    return f"${context_name(number)}: {context.declared} = {' or '.join(sources)}"


def _print_source(source: ContextSource, path: Path) -> str:
    whole = path if source.types is None else (source.types, *path)
    return "../" * source.up + print_path(whole).removeprefix(".")


def context_name(number: int) -> str:
    return f"context_{number}"


def _print_inputs(fields: Items[InputField]) -> str:
    return " ".join(
        (f"{each.name}: {each.key}" if each.key != each.name else each.name)
        + (f" {{ {_print_inputs(each.children)} }}" if each.children else "")
        for each in fields
    )


def _block(head: str, parts: Items[str]) -> str:
    end = "," if len(parts) > 1 else ""
    return head + " {\n" + "\n".join(_indent(part + end) for part in parts) + "\n}"


def _indent(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())
