"""What the supergraph says of itself: the specifications that it links and the directives that it defines."""

from collections.abc import Iterable, Iterator, Mapping

from .constants import quoted
from .merging import Merging
from .model import Directive, DirectiveDefinition, Element, Link, TypeDefinition
from .specifications import SPECS, STANDALONE

# In the order in which a supergraph links them: the purpose, where one must understand the specification to serve it safely.
_PURPOSES: dict[str, str | None] = {
    "tag": None,
    "inaccessible": "SECURITY",
    "authenticated": "SECURITY",
    "requiresScopes": "SECURITY",
    "policy": "SECURITY",
    "context": "SECURITY",
    "cost": None,
    "cacheTag": "EXECUTION",
}


def _elements(definition: TypeDefinition) -> Iterator[Element]:
    yield definition
    yield from definition.values.values()
    yield from definition.inputs.values()
    for field in definition.fields.values():
        yield field
        yield from field.arguments.values()


def _applied(schema: Element, types: Iterable[TypeDefinition]) -> set[str]:
    """Names of the directives of known specifications that the types have; cache tags travel inside `join__directive`."""
    return {
        "cacheTag" if directive.name == "join__directive" else directive.name
        for element in (schema, *(element for definition in types for element in _elements(definition)))
        for directive in element.directives
        if directive.federation or directive.name == "join__directive"
    }


def merged_links(
    merging: Merging, schema: Element, types: Mapping[str, TypeDefinition]
) -> tuple[tuple[Directive, ...], dict[str, DirectiveDefinition]]:
    """`@link`s of the supergraph beside link and join, and the definitions of directives that subgraphs bring themselves."""
    used = _applied(schema, types.values())
    links: list[Directive] = []
    for name, purpose in _PURPOSES.items():
        version, directives = STANDALONE[name]
        if not used & set(directives):
            continue
        arguments = [("url", quoted(f"{SPECS}{name}/v{version[0]}.{version[1]}"))]
        if purpose:
            arguments.append(("for", purpose))
        if name == "cost" and "listSize" in used:
            arguments.append(("import", '["@listSize"]'))
        links.append(Directive("link", tuple(arguments)))
    links.extend(_custom_link(link) for link in sorted(merging.custom.links, key=lambda link: link.identity))
    return tuple(links), dict(sorted(merging.custom.definitions.items()))


def _custom_link(link: Link) -> Directive:
    imports = [
        quoted(name) if name == local else f"{{name: {quoted(name)}, as: {quoted(local)}}}"
        for name, local in sorted(link.imports.items())
    ]
    arguments = [("url", quoted(link.url))]
    if link.prefix != link.name:
        arguments.append(("as", quoted(link.prefix)))
    if link.purpose:
        arguments.append(("for", link.purpose))
    if imports:
        arguments.append(("import", "[" + ", ".join(imports) + "]"))
    return Directive("link", tuple(arguments))
