"""Which directives reach the supergraph: those of the specifications that travel, and those that `@composeDirective` names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .errors import Findings
from .model import DirectiveDefinition, InputValue, Link, Subgraph
from .specifications import FEDERATION, LINK, SPECS, STANDALONE

BUILT_IN = frozenset({"deprecated", "specifiedBy", "include", "skip", "oneOf"})
_EXECUTABLE = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


@dataclass(frozen=True, slots=True)
class CustomDirectives:
    """`names`: for each subgraph, local name to the supergraph's name of every composed directive."""

    names: Mapping[str, Mapping[str, str]]
    definitions: Mapping[str, DirectiveDefinition]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class _Composed:
    subgraph: Subgraph
    link: Link
    own: str
    local: str


def _origin(subgraph: Subgraph, local: str) -> tuple[Link, str] | None:
    """The link that brings a directive in, with the directive's own name there."""
    for link in subgraph.links:
        for name, imported in link.imports.items():
            if imported == f"@{local}":
                return link, name[1:]
        if local == link.prefix:
            return link, link.name
        if local.startswith(f"{link.prefix}__"):
            return link, local.removeprefix(f"{link.prefix}__")
    return None


def _composed(subgraph: Subgraph, findings: Findings) -> Iterable[_Composed]:
    add = findings.within(subgraph.name)
    for applied in subgraph.schema.directives:
        if not applied.federation or applied.name != "composeDirective":
            continue
        name = applied.text("name")
        local = name.removeprefix("@")
        if not name.startswith("@"):
            add("DIRECTIVE_COMPOSITION_ERROR", f'@composeDirective names "{name}", which must begin with "@".', name)
            continue
        if local in BUILT_IN:
            add(
                "DIRECTIVE_COMPOSITION_ERROR",
                f'"{name}" is a directive of GraphQL itself and can not be composed.',
                name,
            )
            continue
        origin = _origin(subgraph, local)
        if origin and (origin[0].identity in (FEDERATION, LINK) or _is_standalone(origin[0])):
            if origin[1] not in STANDALONE and origin[0].identity in (FEDERATION, LINK):
                add("DIRECTIVE_COMPOSITION_ERROR", f'"{name}" is a federation directive and can not be composed.', name)
            continue
        if local not in subgraph.directives:
            add(
                "DIRECTIVE_COMPOSITION_ERROR",
                f'@composeDirective names "{name}", which the schema does not define.',
                name,
            )
            continue
        if origin is None:
            add(
                "DIRECTIVE_COMPOSITION_ERROR",
                f'@composeDirective names "{name}", which is of no specification: link one that it is imported from.',
                name,
            )
            continue
        yield _Composed(subgraph, origin[0], origin[1], local)


def _is_standalone(link: Link) -> bool:
    return link.identity.startswith(SPECS) and link.name in STANDALONE


def _executable(subgraphs: Sequence[Subgraph]) -> Iterable[DirectiveDefinition]:
    """Directives for operations, where every subgraph defines them: the places and arguments that all have."""
    shared = set.intersection(*(set(subgraph.directives) for subgraph in subgraphs)) if subgraphs else set[str]()
    for name in sorted(shared):
        definitions = [subgraph.directives[name] for subgraph in subgraphs]
        locations = [
            location
            for location in definitions[0].locations
            if location in _EXECUTABLE and all(location in other.locations for other in definitions)
        ]
        arguments = {
            argument.name: replace(argument, default=_default(argument, definitions), directives=())
            for argument in definitions[0].arguments.values()
            if all(_fits(argument, other) for other in definitions)
        }
        if locations:
            repeatable = all(other.repeatable for other in definitions)
            yield replace(definitions[0], locations=tuple(locations), arguments=arguments, repeatable=repeatable)


def _default(argument: InputValue, definitions: Iterable[DirectiveDefinition]) -> str | None:
    """Its own default or, as one that any subgraph has lets operations leave the argument out, another's."""
    if argument.default is not None:
        return argument.default
    others = (definition.arguments[argument.name] for definition in definitions if _fits(argument, definition))
    return next((other.default for other in others if other.default is not None), None)


def _fits(argument: InputValue, definition: DirectiveDefinition) -> bool:
    other = definition.arguments.get(argument.name)
    return other is not None and other.type == argument.type


def plan_custom_directives(subgraphs: Sequence[Subgraph], findings: Findings) -> CustomDirectives:
    """Which custom directives travel. A directive has one name in every subgraph, and one major version."""
    by_origin: dict[tuple[str, str], list[_Composed]] = {}
    for subgraph in subgraphs:
        for composed in _composed(subgraph, findings):
            by_origin.setdefault((composed.link.identity, composed.own), []).append(composed)
    names: dict[str, dict[str, str]] = {subgraph.name: {} for subgraph in subgraphs}
    definitions: dict[str, DirectiveDefinition] = {}
    links: dict[str, Link] = {}
    for (identity, own), group in by_origin.items():
        if not _agree(subgraphs, identity, own, group, findings):
            continue
        newest = max(group, key=lambda composed: composed.link.version)
        local = group[0].local
        for composed in group:
            names[composed.subgraph.name][composed.local] = local
        definition = newest.subgraph.directives[newest.local]
        alike = [composed.subgraph.directives[composed.local] for composed in group]
        defaults = {name: replace(each, default=_default(each, alike)) for name, each in definition.arguments.items()}
        definitions[local] = replace(definition, arguments=defaults)
        known = links.get(identity)
        imports = {**(known.imports if known else {}), f"@{own}": f"@{local}"}
        base = known if known and known.version >= newest.link.version else newest.link
        links[identity] = replace(base, imports=imports)
    for definition in _executable(subgraphs):
        definitions.setdefault(definition.name, definition)
    return CustomDirectives(names, definitions, tuple(links.values()))


def _agree(subgraphs: Sequence[Subgraph], identity: str, own: str, group: Sequence[_Composed], findings: Findings) -> bool:
    locals_ = {composed.local for composed in group}
    involved = [composed.subgraph.name for composed in group]
    if len(locals_) > 1:
        findings.add(
            "DIRECTIVE_COMPOSITION_ERROR",
            f'The directive "@{own}" of "{identity}" goes by several names: {", ".join(sorted(locals_))}.',
            f"@{own}",
            involved,
        )
        return False
    majors = {
        link.version if link.version[0] == 0 else (link.version[0], 0)
        for subgraph in subgraphs
        for link in subgraph.links
        if link.identity == identity
    }
    if len(majors) > 1:
        findings.add(
            "DIRECTIVE_COMPOSITION_ERROR",
            f'"{identity}" is linked in versions that are not compatible.',
            f"@{own}",
            involved,
        )
        return False
    local = next(iter(locals_))
    strangers = [
        subgraph.name
        for subgraph in subgraphs
        if local in subgraph.directives
        and subgraph.name not in involved
        and (found := _origin(subgraph, local)) is not None
        and found[0].identity != identity
    ]
    if strangers:
        findings.add(
            "DIRECTIVE_COMPOSITION_ERROR",
            f'"@{local}" is of "{identity}" in some subgraphs and of another specification in others.',
            f"@{local}",
            [*involved, *strangers],
        )
    return not strangers
