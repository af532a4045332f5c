"""Merging what is applied to one element in several subgraphs: each directive has its own rule."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product

from .constants import quoted
from .merging import Merging
from .model import Directive, Element, Subgraph

Source = tuple[Subgraph, Element]


def _unique(applied: Iterable[Directive]) -> list[Directive]:
    return list(dict.fromkeys(applied))


def _tags(sources: Sequence[Source]) -> list[Directive]:
    names = dict.fromkeys(applied.text("name") for _, element in sources for applied in element.all("tag"))
    return [Directive("tag", (("name", quoted(name)),), federation=True) for name in names]


def _flag(name: str) -> Callable[[Sequence[Source]], list[Directive]]:
    """A directive without arguments: there if any subgraph has it."""

    def merge(sources: Sequence[Source]) -> list[Directive]:
        return [Directive(name, federation=True)] if any(element.has(name) for _, element in sources) else []

    return merge


def _conjunction(name: str, argument: str) -> Callable[[Sequence[Source]], list[Directive]]:
    """Alternatives of sets (`[["a"], ["b", "c"]]`: a, or b and c). Who passes must pass in every subgraph that asks."""

    def merge(sources: Sequence[Source]) -> list[Directive]:
        demands = [_alternatives(applied.value(argument)) for _, element in sources for applied in element.all(name)]
        if not demands:
            return []
        joined = [frozenset[str]().union(*choice) for choice in product(*demands)]
        least = [one for one in dict.fromkeys(joined) if not any(other < one for other in joined)]
        text = "[" + ", ".join("[" + ", ".join(quoted(word) for word in sorted(one)) + "]" for one in least) + "]"
        return [Directive(name, ((argument, text),), federation=True)]

    return merge


def _alternatives(value: object) -> list[frozenset[str]]:
    if not isinstance(value, list):
        return [frozenset({str(value)})]
    return [frozenset(str(word) for word in one) if isinstance(one, list) else frozenset({str(one)}) for one in value]


def _costs(sources: Sequence[Source]) -> list[Directive]:
    weights = [applied.value("weight") for _, element in sources for applied in element.all("cost")]
    numbers = [weight for weight in weights if isinstance(weight, int)]
    return [Directive("cost", (("weight", str(max(numbers))),), federation=True)] if numbers else []


def _list_sizes(sources: Sequence[Source]) -> list[Directive]:
    applied = [directive for _, element in sources for directive in element.all("listSize")]
    if not applied:
        return []
    arguments: list[tuple[str, str]] = []
    sizes = [size for directive in applied if isinstance(size := directive.value("assumedSize"), int)]
    if sizes:
        arguments.append(("assumedSize", str(max(sizes))))
    for name in ("slicingArguments", "sizedFields"):
        lists = [value for directive in applied if isinstance(value := directive.value(name), list)]
        words = dict.fromkeys(str(word) for value in lists for word in value)
        if lists:
            arguments.append((name, "[" + ", ".join(quoted(word) for word in words) + "]"))
    demands = [value for directive in applied if isinstance(value := directive.value("requireOneSlicingArgument"), bool)]
    if demands:
        arguments.append(("requireOneSlicingArgument", "true" if all(demands) else "false"))
    return [Directive("listSize", tuple(arguments), federation=True)]


def _contexts(sources: Sequence[Source]) -> list[Directive]:
    names = dict.fromkeys(
        f"{subgraph.name}__{applied.text('name')}" for subgraph, element in sources for applied in element.all("context")
    )
    return [Directive("context", (("name", quoted(name)),), federation=True) for name in names]


def _most_common(name: str) -> Callable[[Sequence[Source]], list[Directive]]:
    """A directive of GraphQL: the application that most subgraphs make, the first of those as frequent."""

    def merge(sources: Sequence[Source]) -> list[Directive]:
        applied = [directive for _, element in sources for directive in element.others(name)]
        return [max(_unique(applied), key=applied.count)] if applied else []

    return merge


_RULES: tuple[Callable[[Sequence[Source]], list[Directive]], ...] = (
    _tags,
    _flag("inaccessible"),
    _flag("authenticated"),
    _conjunction("requiresScopes", "scopes"),
    _conjunction("policy", "policies"),
    _contexts,
    _costs,
    _list_sizes,
    _most_common("deprecated"),
    _most_common("specifiedBy"),
    _most_common("oneOf"),
)


def _custom(merging: Merging, sources: Sequence[Source]) -> list[Directive]:
    """Composed directives: all that differ, or where one may stand but once, the one that most subgraphs apply."""
    applied = [
        Directive(merging.custom.names[subgraph.name][directive.name], directive.arguments)
        for subgraph, element in sources
        for directive in element.directives
        if not directive.federation and directive.name in merging.custom.names[subgraph.name]
    ]
    merged: list[Directive] = []
    for name in dict.fromkeys(directive.name for directive in applied):
        same = [directive for directive in applied if directive.name == name]
        merged += _unique(same) if merging.custom.definitions[name].repeatable else [max(_unique(same), key=same.count)]
    return merged


def _cache_tags(sources: Sequence[Source]) -> list[Directive]:
    """Cache tags travel as `join__directive`, which names the subgraphs that asked for them."""
    graphs: dict[Directive, list[str]] = {}
    for subgraph, element in sources:
        for applied in element.all("cacheTag"):
            graphs.setdefault(applied, []).append(subgraph.graph)
    return [
        Directive(
            "join__directive",
            (
                ("graphs", "[" + ", ".join(names) + "]"),
                ("name", '"federation__cacheTag"'),
                ("args", "{" + ", ".join(f"{name}: {text}" for name, text in applied.arguments) + "}"),
            ),
        )
        for applied, names in graphs.items()
    ]


def merge_directives(merging: Merging, sources: Sequence[Source]) -> tuple[Directive, ...]:
    """Every directive that travels, merged by its rule."""
    merged = [directive for rule in _RULES for directive in rule(sources)]
    return (*merged, *_cache_tags(sources), *_custom(merging, sources))
