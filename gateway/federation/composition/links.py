"""Reading `@link`: which specifications a schema uses, and by which names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .errors import Findings
from .model import Directive, Link
from .specifications import (
    FEDERATION,
    FEDERATION_1_DIRECTIVES,
    FEDERATION_TYPES,
    LINK,
    NEWEST,
    SPECS,
    STANDALONE,
    STANDALONE_TYPES,
    Version,
    federation_directives,
)

_VERSION = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\Z")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that one schema uses for what the specifications define: local name to the specification's own."""

    version: Version
    links: tuple[Link, ...]
    directives: Mapping[str, str]
    types: Mapping[str, str]

    @property
    def is_federation_1(self) -> bool:
        return self.version < (2, 0)


def split_url(url: str) -> tuple[str, str, Version] | None:
    """Identity, name and version of a specification's URL, None where it does not end in a version."""
    head, _, tail = url.rstrip("/").rpartition("/")
    version = _VERSION.match(tail)
    if version is None:
        return None
    return head, head.rpartition("/")[2], (int(version[1]), int(version[2]))


def _imports(applied: Directive, findings: Findings, subgraph: str) -> dict[str, str]:
    given = applied.value("import")
    imports: dict[str, str] = {}
    entries: list[object] = given if isinstance(given, list) else [] if given is None else [given]
    for entry in entries:
        if isinstance(entry, str):
            name, local = entry, entry
        elif isinstance(entry, dict) and isinstance(entry.get("name"), str):
            name = str(entry["name"])
            local = str(entry.get("as") or name)
        else:
            findings.within(subgraph)(
                "INVALID_LINK_DIRECTIVE_USAGE",
                f"An import is a name, or an object with name and as, not {entry}.",
                "@link",
            )
            continue
        if name.startswith("@") != local.startswith("@") or not _NAME.match(local.removeprefix("@")):
            findings.within(subgraph)("INVALID_LINK_DIRECTIVE_USAGE", f'"{name}" can not be imported as "{local}".', "@link")
            continue
        imports[name] = local
    return imports


def _is_link(applied: Directive) -> bool:
    return applied.text("url") == LINK + "/v1.0" and applied.name == (applied.text("as") or "link")


def read_links(applied: Iterable[Directive], findings: Findings, subgraph: str) -> tuple[Link, ...]:
    """The links among a schema's directives. `@link` itself may go by another name, which its own link tells."""
    directives = tuple(applied)
    own_name = next((directive.name for directive in directives if _is_link(directive)), "link")
    links: list[Link] = []
    add = findings.within(subgraph)
    for directive in directives:
        if directive.name != own_name or not directive.text("url"):
            continue
        url = directive.text("url")
        parts = split_url(url)
        if parts is None:
            add("INVALID_LINK_IDENTIFIER", f'"{url}" does not end in a version such as v2.0.', "@link")
            continue
        identity, name, version = parts
        prefix = directive.text("as") or name
        if not _NAME.match(prefix) or "__" in prefix:
            add("INVALID_LINK_IDENTIFIER", f'"{prefix}" can not name the specification "{url}".', "@link")
            continue
        if any(link.identity == identity for link in links):
            add("INVALID_LINK_DIRECTIVE_USAGE", f'The specification "{identity}" is linked twice.', "@link")
            continue
        purpose = directive.text("for") or None
        links.append(Link(url, identity, name, version, prefix, _imports(directive, findings, subgraph), purpose))
    return tuple(links)


def _known(link: Link) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Directives and types of a specification that composition understands, None for any other."""
    if link.identity == FEDERATION:
        return tuple(federation_directives(link.version)), FEDERATION_TYPES
    if link.identity.startswith(SPECS) and link.name in STANDALONE and link.identity == SPECS + link.name:
        return STANDALONE[link.name][1], STANDALONE_TYPES.get(link.name, ())
    return None


def read_vocabulary(applied: Iterable[Directive], findings: Findings, subgraph: str) -> Vocabulary:
    """Which federation version a subgraph speaks, and its names. A schema without a link to federation is of version 1.0."""
    add = findings.within(subgraph)
    links = read_links(applied, findings, subgraph)
    directives: dict[str, str] = {}
    types: dict[str, str] = {}
    version: Version = (1, 0)
    for link in links:
        if link.identity == LINK:
            if link.version != (1, 0):
                add(
                    "UNKNOWN_LINK_VERSION",
                    f"The version v{link.version[0]}.{link.version[1]} of @link is unknown.",
                    "@link",
                )
            directives[link.local_directive("link")] = "link"
            types[link.local_type("Import")] = "Import"
            types[link.local_type("Purpose")] = "Purpose"
            continue
        if link.identity == FEDERATION:
            version = link.version
            if not (2, 0) <= version <= NEWEST:
                add(
                    "UNKNOWN_FEDERATION_LINK_VERSION",
                    f"Federation v{version[0]}.{version[1]} is unknown; the newest known is v{NEWEST[0]}.{NEWEST[1]}.",
                    "@link",
                )
                continue
        known = _known(link)
        if known is None:
            continue
        for name in link.imports:
            if name.removeprefix("@") not in (known[0] if name.startswith("@") else known[1]):
                add("INVALID_LINK_DIRECTIVE_USAGE", f'"{link.url}" has no "{name}" to import.', "@link")
        directives.update({link.local_directive(name): name for name in known[0]})
        types.update({link.local_type(name): name for name in known[1]})
    if links and "link" not in directives.values():
        directives["link"] = "link"
        types |= {"link__Import": "Import", "link__Purpose": "Purpose"}
    if version[0] < 2:
        directives.update({name: name for name in FEDERATION_1_DIRECTIVES if name not in directives})
        types.update({"_FieldSet": "FieldSet"})
    return Vocabulary(version, links, directives, types)
