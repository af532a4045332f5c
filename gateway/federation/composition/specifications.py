"""The public specifications whose directives composition understands: federation v2.0 to v2.15, federation 1, and the
smaller ones (tag, inaccessible, cost, …) that a schema may link by themselves.

Each row: the federation version that brought the definition (in this form), and the definition with its own names in
braces, so that it can be written under whatever names a schema imports them.
"""

from dataclasses import dataclass

Version = tuple[int, int]

SPECS = "https://specs.apollo.dev/"
FEDERATION = SPECS + "federation"
LINK = SPECS + "link"
NEWEST: Version = (2, 15)

_EVERYWHERE = (
    "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE"
    " | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
)
_PROTECTED = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_COSTED = "ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR"


@dataclass(frozen=True, slots=True)
class DirectiveRow:
    """A directive of a specification: its name, since when it is there, its definition."""

    name: str
    since: Version
    definition: str


FEDERATION_DIRECTIVES: tuple[DirectiveRow, ...] = (
    DirectiveRow(
        "key",
        (2, 0),
        "directive @{key}(fields: {FieldSet}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
    ),
    DirectiveRow("requires", (2, 0), "directive @{requires}(fields: {FieldSet}!) on FIELD_DEFINITION"),
    DirectiveRow("provides", (2, 0), "directive @{provides}(fields: {FieldSet}!) on FIELD_DEFINITION"),
    DirectiveRow("external", (2, 0), "directive @{external}(reason: String) on OBJECT | FIELD_DEFINITION"),
    DirectiveRow("tag", (2, 0), f"directive @{{tag}}(name: String!) repeatable on {_EVERYWHERE} | SCHEMA"),
    DirectiveRow("extends", (2, 0), "directive @{extends} on OBJECT | INTERFACE"),
    DirectiveRow("shareable", (2, 0), "directive @{shareable} on OBJECT | FIELD_DEFINITION"),
    DirectiveRow("shareable", (2, 2), "directive @{shareable} repeatable on OBJECT | FIELD_DEFINITION"),
    DirectiveRow("inaccessible", (2, 0), f"directive @{{inaccessible}} on {_EVERYWHERE}"),
    DirectiveRow("override", (2, 0), "directive @{override}(from: String!) on FIELD_DEFINITION"),
    DirectiveRow("override", (2, 7), "directive @{override}(from: String!, label: String) on FIELD_DEFINITION"),
    DirectiveRow("composeDirective", (2, 1), "directive @{composeDirective}(name: String!) repeatable on SCHEMA"),
    DirectiveRow("interfaceObject", (2, 3), "directive @{interfaceObject} on OBJECT"),
    DirectiveRow("authenticated", (2, 5), f"directive @{{authenticated}} on {_PROTECTED}"),
    DirectiveRow("requiresScopes", (2, 5), f"directive @{{requiresScopes}}(scopes: [[{{Scope}}!]!]!) on {_PROTECTED}"),
    DirectiveRow("policy", (2, 6), f"directive @{{policy}}(policies: [[{{Policy}}!]!]!) on {_PROTECTED}"),
    DirectiveRow("context", (2, 8), "directive @{context}(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    DirectiveRow("fromContext", (2, 8), "directive @{fromContext}(field: {ContextFieldValue}) on ARGUMENT_DEFINITION"),
    DirectiveRow("cost", (2, 9), f"directive @{{cost}}(weight: Int!) on {_COSTED}"),
    DirectiveRow(
        "listSize",
        (2, 9),
        "directive @{listSize}(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
        " requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    DirectiveRow("cacheTag", (2, 12), "directive @{cacheTag}(format: String!) repeatable on OBJECT | FIELD_DEFINITION"),
)

FEDERATION_TYPES: tuple[str, ...] = ("FieldSet", "Scope", "Policy", "ContextFieldValue")

FEDERATION_1_DIRECTIVES: tuple[str, ...] = ("key", "requires", "provides", "external", "tag", "extends")

# Specifications that stand alone beside federation: their newest version and the directives that they bring.
STANDALONE: dict[str, tuple[Version, tuple[str, ...]]] = {
    "tag": ((0, 3), ("tag",)),
    "inaccessible": ((0, 2), ("inaccessible",)),
    "authenticated": ((0, 1), ("authenticated",)),
    "requiresScopes": ((0, 1), ("requiresScopes",)),
    "policy": ((0, 1), ("policy",)),
    "context": ((0, 1), ("context", "fromContext")),
    "cost": ((0, 1), ("cost", "listSize")),
    "cacheTag": ((0, 1), ("cacheTag",)),
}

STANDALONE_TYPES: dict[str, tuple[str, ...]] = {
    "requiresScopes": ("Scope",),
    "policy": ("Policy",),
    "context": ("ContextFieldValue",),
}


def federation_directives(version: Version) -> dict[str, str]:
    """What a schema that links this version may use: name to definition, in its newest form up to that version."""
    return {row.name: row.definition for row in FEDERATION_DIRECTIVES if row.since <= version}
