"""Which directive and type names a supergraph uses for the join, inaccessible and other linked specifications."""

import re
from dataclasses import dataclass

from graphql import ConstDirectiveNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode, value_from_ast_untyped

from .model import InvalidSupergraph

_URL = re.compile(r"^(?P<identity>.*/(?P<name>[^/]+))/v(?P<major>\d+)\.(?P<minor>\d+)/?$")


@dataclass(frozen=True, slots=True)
class Specification:
    """One linked specification: `prefix` stands before its elements, `imports` renames some of them."""

    name: str
    version: tuple[int, int]
    prefix: str
    imports: dict[str, str]

    def directive(self, element: str) -> str:
        """The directive's name in the document; the element named like the specification is the prefix itself."""
        if imported := self.imports.get("@" + element):
            return imported.removeprefix("@")
        return self.prefix if element == self.name else f"{self.prefix}__{element}"

    def type(self, element: str) -> str:
        return self.imports.get(element) or f"{self.prefix}__{element}"


@dataclass(frozen=True, slots=True)
class Specifications:
    by_name: dict[str, Specification]

    @property
    def join(self) -> Specification:
        return self.by_name["join"]

    def directive(self, specification: str, element: str) -> str | None:
        found = self.by_name.get(specification)
        return found.directive(element) if found else None

    def own(self, name: str, *, directive: bool) -> bool:
        """Whether a type or directive is machinery of a linked specification, not of the API."""
        for specification in self.by_name.values():
            if name.startswith(specification.prefix + "__"):
                return True
            if directive and (name == specification.prefix or "@" + name in specification.imports.values()):
                return True
            if not directive and name in specification.imports.values():
                return True
        return False


def read_specifications(document: DocumentNode) -> Specifications:
    """The specifications that the schema links (`@link`) or, before link existed, declares as `@core(feature:)`.

    Raises InvalidSupergraph when none of them is join.
    """
    by_name: dict[str, Specification] = {}
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in definition.directives or ():
                specification = _specification(directive)
                if specification:
                    by_name[specification.name] = specification
    if "join" not in by_name:
        raise InvalidSupergraph("schema: no @link (or @core) to the join specification; is this a supergraph?")
    return Specifications(by_name)


def _specification(directive: ConstDirectiveNode) -> Specification | None:
    arguments = {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
    url = arguments.get("url") or arguments.get("feature")
    match = _URL.match(url) if isinstance(url, str) else None
    if match is None:
        return None
    prefix = arguments.get("as")
    imports: dict[str, str] = {}
    for entry in arguments.get("import") or ():
        if isinstance(entry, str):
            imports[entry] = entry
        elif isinstance(entry, dict) and isinstance(entry.get("name"), str):
            imports[entry["name"]] = entry.get("as") or entry["name"]
    return Specification(
        name=match["name"],
        version=(int(match["major"]), int(match["minor"])),
        prefix=prefix if isinstance(prefix, str) else match["name"],
        imports=imports,
    )
