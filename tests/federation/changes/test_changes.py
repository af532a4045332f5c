"""What each change of a schema means to clients: one small schema before and after, and all that is said of it."""

import pytest

from gateway.federation.changes import InvalidSchema, Level, find_changes, read_schema

CASES: dict[str, tuple[str, str, list[str]]] = {
    # Types
    "a type that goes": (
        "type Query { a: Int } type A { a: Int }",
        "type Query { a: Int }",
        ["breaking TYPE_REMOVED A: object type removed"],
    ),
    "a type that comes": (
        "type Query { a: Int }",
        "type Query { a: Int } scalar Day",
        ["safe TYPE_ADDED Day: scalar added"],
    ),
    "another kind of type": (
        "type Query { a: A } type A { a: Int }",
        "type Query { a: A } interface A { a: Int }",
        ["breaking TYPE_CHANGED_KIND A: changed from object type to interface"],
    ),
    "a scalar that means something else": (
        'type Query { a: Day } scalar Day @specifiedBy(url: "https://a.example")',
        'type Query { a: Day } scalar Day @specifiedBy(url: "https://b.example")',
        ["dangerous SPECIFIED_BY_CHANGED Day: specified by https://b.example, not https://a.example"],
    ),
    "built-in scalars are nobody's change": (
        "type Query { a: Int }",
        "type Query { a: Int b: Float }",
        ["safe FIELD_ADDED Query.b: Float added"],
    ),
    "root types": (
        "schema { query: Query mutation: M } type Query { a: Int } type M { a: Int }",
        "schema { query: Query subscription: S } type Query { a: Int } type M { a: Int } type S { a: Int }",
        [
            "breaking ROOT_TYPE_REMOVED schema: mutation is no longer offered",
            "safe TYPE_ADDED S: object type added",
            "safe ROOT_TYPE_ADDED schema: subscription is offered by S",
        ],
    ),
    "another root type": (
        "schema { query: A } type A { a: Int } type B { b: Int }",
        "schema { query: B } type A { a: Int } type B { b: Int }",
        ["breaking ROOT_TYPE_CHANGED schema: query changed from A to B"],
    ),
    # Fields
    "a field that goes": (
        "type Query { a: Int b: Int }",
        "type Query { a: Int }",
        ["breaking FIELD_REMOVED Query.b: removed"],
    ),
    "a deprecated field that goes": (
        "type Query { a: Int b: Int @deprecated }",
        "type Query { a: Int }",
        ["breaking FIELD_REMOVED Query.b: removed; it was deprecated"],
    ),
    "a field that is never null any more": (
        "type Query { a: [Int] }",
        "type Query { a: [Int!]! }",
        ["safe FIELD_CHANGED_KIND Query.a: type changed from [Int] to [Int!]!"],
    ),
    "a field that may be null now": (
        "type Query { a: Int! }",
        "type Query { a: Int }",
        ["breaking FIELD_CHANGED_KIND Query.a: type changed from Int! to Int"],
    ),
    "a list that may hold null now": (
        "type Query { a: [Int!] }",
        "type Query { a: [Int]! }",
        ["breaking FIELD_CHANGED_KIND Query.a: type changed from [Int!] to [Int]!"],
    ),
    "a list where there was none": (
        "type Query { a: Int }",
        "type Query { a: [Int] }",
        ["breaking FIELD_CHANGED_KIND Query.a: type changed from Int to [Int]"],
    ),
    # Arguments
    "an argument that goes": (
        "type Query { a(x: Int): Int }",
        "type Query { a: Int }",
        ["breaking ARG_REMOVED Query.a(x:): argument removed"],
    ),
    "a required argument": (
        "type Query { a: Int }",
        "type Query { a(x: Int!): Int }",
        ["breaking REQUIRED_ARG_ADDED Query.a(x:): required argument Int! added"],
    ),
    "a required argument with a default is none": (
        "type Query { a: Int }",
        "type Query { a(x: Int! = 1): Int }",
        ["dangerous OPTIONAL_ARG_ADDED Query.a(x:): optional argument Int! added"],
    ),
    "an argument that takes more": (
        "type Query { a(x: [Int!]!): Int }",
        "type Query { a(x: [Int]): Int }",
        ["safe ARG_CHANGED_KIND Query.a(x:): type changed from [Int!]! to [Int]"],
    ),
    "an argument that takes less": (
        "type Query { a(x: [Int]): Int }",
        "type Query { a(x: [Int!]): Int }",
        ["breaking ARG_CHANGED_KIND Query.a(x:): type changed from [Int] to [Int!]"],
    ),
    "a list is not sent by a variable of its item": (
        "type Query { a(x: Int): Int }",
        "type Query { a(x: [Int]): Int }",
        ["breaking ARG_CHANGED_KIND Query.a(x:): type changed from Int to [Int]"],
    ),
    "another default": (
        "type Query { a(x: Int = 1): Int }",
        "type Query { a(x: Int = 2): Int }",
        ["dangerous ARG_DEFAULT_VALUE_CHANGE Query.a(x:): default changed from 1 to 2"],
    ),
    "a default that comes": (
        "type Query { a(x: Int): Int }",
        "type Query { a(x: Int = 2): Int }",
        ["safe ARG_DEFAULT_VALUE_ADDED Query.a(x:): default 2 added"],
    ),
    "a default that goes": (
        "type Query { a(x: Int = 1): Int }",
        "type Query { a(x: Int): Int }",
        ["dangerous ARG_DEFAULT_VALUE_CHANGE Query.a(x:): default 1 removed"],
    ),
    "a default that goes from what must not be null": (
        "type Query { a(x: Int! = 1): Int }",
        "type Query { a(x: Int!): Int }",
        ["breaking ARG_DEFAULT_VALUE_CHANGE Query.a(x:): default 1 removed, so that it is required now"],
    ),
    "a default that is written otherwise": (
        "type Query { a(x: X = {a: 1, b: 2}): Int } input X { a: Int b: Int }",
        "type Query { a(x: X = {b: 2, a: 1}): Int } input X { a: Int b: Int }",
        [],
    ),
    # Input types
    "an input field that goes": (
        "type Query { a(x: X): Int } input X { a: Int b: Int }",
        "type Query { a(x: X): Int } input X { a: Int }",
        ["breaking FIELD_REMOVED X.b: input field removed"],
    ),
    "input fields that come": (
        "type Query { a(x: X): Int } input X { a: Int }",
        "type Query { a(x: X): Int } input X { a: Int b: Int c: Int! d: Int! = 1 }",
        [
            "breaking REQUIRED_INPUT_FIELD_ADDED X.c: required input field Int! added",
            "dangerous OPTIONAL_INPUT_FIELD_ADDED X.b: optional input field Int added",
            "dangerous OPTIONAL_INPUT_FIELD_ADDED X.d: optional input field Int! added",
        ],
    ),
    "an input field of another type and default": (
        "type Query { a(x: X): Int } input X { a: Int! b: Int = 1 }",
        "type Query { a(x: X): Int } input X { a: Int b: Int = 2 }",
        [
            "dangerous INPUT_FIELD_DEFAULT_VALUE_CHANGE X.b: default changed from 1 to 2",
            "safe FIELD_CHANGED_KIND X.a: type changed from Int! to Int",
        ],
    ),
    "an input that takes one field only": (
        "type Query { a(x: X): Int } input X { a: Int b: Int }",
        "type Query { a(x: X): Int } input X @oneOf { a: Int b: Int }",
        ["breaking ONE_OF_ADDED X: takes exactly one of its fields now"],
    ),
    "an input that takes several fields again": (
        "type Query { a(x: X): Int } input X @oneOf { a: Int b: Int }",
        "type Query { a(x: X): Int } input X { a: Int b: Int }",
        ["safe ONE_OF_REMOVED X: may take more than one of its fields now"],
    ),
    # Abstract types
    "union members": (
        "type Query { u: U } union U = A | B type A { a: Int } type B { a: Int } type C { a: Int }",
        "type Query { u: U } union U = A | C type A { a: Int } type B { a: Int } type C { a: Int }",
        [
            "breaking TYPE_REMOVED_FROM_UNION U: B is no longer a member",
            "dangerous TYPE_ADDED_TO_UNION U: C is a member now",
        ],
    ),
    "implementations": (
        "type Query { i: I } interface I { a: Int } type A implements I { a: Int } type B { a: Int }",
        "type Query { i: I } interface I { a: Int } type A { a: Int } type B implements I { a: Int }",
        [
            "breaking IMPLEMENTED_INTERFACE_REMOVED A: no longer implements I",
            "dangerous IMPLEMENTED_INTERFACE_ADDED B: implements I now",
        ],
    ),
    "a new type in an old interface": (
        "type Query { i: I } interface I { a: Int }",
        "type Query { i: I } interface I { a: Int } type A implements I { a: Int }",
        ["dangerous IMPLEMENTED_INTERFACE_ADDED A: implements I now", "safe TYPE_ADDED A: object type added"],
    ),
    # Enums
    "enum values": (
        "type Query { e: E } enum E { A B }",
        "type Query { e: [E!]! } enum E { A C }",
        [
            "breaking VALUE_REMOVED_FROM_ENUM E.B: value removed",
            "breaking FIELD_CHANGED_KIND Query.e: type changed from E to [E!]!",
            "dangerous VALUE_ADDED_TO_ENUM E.C: value added",
        ],
    ),
    "a value that no answer can hold": (
        "type Query { a(e: E): Int } enum E { A }",
        "type Query { a(e: E): Int } enum E { A B }",
        ["safe VALUE_ADDED_TO_ENUM E.B: value added"],
    ),
    # Directives
    "a directive that operations use": (
        "type Query { a: Int } directive @live(n: Int) repeatable on QUERY | FIELD",
        "type Query { a: Int } directive @live(m: Int, o: Int!) on QUERY | MUTATION",
        [
            "breaking DIRECTIVE_LOCATION_REMOVED @live: can't stand on FIELD any more",
            "breaking DIRECTIVE_REPEATABLE_REMOVED @live: no longer repeatable",
            "breaking DIRECTIVE_ARG_REMOVED @live(n:): argument removed",
            "breaking REQUIRED_DIRECTIVE_ARG_ADDED @live(o:): required argument Int! added",
            "safe DIRECTIVE_LOCATION_ADDED @live: may stand on MUTATION",
            "safe OPTIONAL_DIRECTIVE_ARG_ADDED @live(m:): optional argument Int added",
        ],
    ),
    "directives that come and go": (
        "type Query { a: Int } directive @a on FIELD directive @b on OBJECT",
        "type Query { a: Int } directive @c on FIELD",
        [
            "breaking DIRECTIVE_REMOVED @a: directive removed",
            "safe DIRECTIVE_REMOVED @b: directive removed",
            "safe DIRECTIVE_ADDED @c: directive added",
        ],
    ),
    # Prose
    "descriptions": (
        'type Query { "one" a("x" x: Int): E } "e" enum E { A }',
        'type Query { "two" a(x: Int): E } enum E { "a" A }',
        [
            "safe DESCRIPTION_CHANGED E: description removed",
            "safe DESCRIPTION_CHANGED E.A: description changed to a",
            "safe DESCRIPTION_CHANGED Query.a: description changed to two",
            "safe DESCRIPTION_CHANGED Query.a(x:): description removed",
        ],
    ),
    "deprecations": (
        'type Query { a: Int b(x: Int): E @deprecated(reason: "old") c: Int @deprecated } enum E { A B }',
        """type Query { a: Int @deprecated(reason: "use b") b(x: Int @deprecated): E @deprecated(reason: "x") c: Int }
        enum E { A @deprecated B }""",
        [
            "safe DEPRECATION_ADDED E.A: deprecated: No longer supported",
            "safe DEPRECATION_ADDED Query.a: deprecated: use b",
            "safe DEPRECATION_REASON_CHANGED Query.b: deprecated for another reason: x",
            "safe DEPRECATION_ADDED Query.b(x:): deprecated: No longer supported",
            "safe DEPRECATION_REMOVED Query.c: no longer deprecated",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_named_and_judged(name: str) -> None:
    old, new, expected = CASES[name]
    assert [str(change) for change in find_changes(read_schema(old), read_schema(new))] == expected


@pytest.mark.parametrize("name", CASES)
def test_a_schema_differs_in_nothing_from_itself(name: str) -> None:
    for sdl in CASES[name][:2]:
        assert find_changes(read_schema(sdl), read_schema(sdl)) == ()


def test_signs_tell_what_is_new_gone_and_different() -> None:
    changes = find_changes(read_schema("type Query { a: Int b: Int }"), read_schema("type Query { a: Int! c: Int }"))
    assert {change.coordinate: change.sign for change in changes} == {"Query.a": "~", "Query.b": "-", "Query.c": "+"}


SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY) { query: Query }
directive @inaccessible on FIELD_DEFINITION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!) repeatable on OBJECT
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { A @join__graph(name: "a", url: "") }
type Query @join__type(graph: A) { a: Int b: Int SECRET }
"""


def test_a_supergraph_is_what_its_clients_see() -> None:
    supergraph = SUPERGRAPH.replace("SECRET", "@inaccessible")
    changes = find_changes(read_schema("type Query { a: Int b: Int }"), read_schema(supergraph))
    assert [str(change) for change in changes] == ["breaking FIELD_REMOVED Query.b: removed"]
    assert not find_changes(read_schema("type Query { a: Int b: Int }"), read_schema(SUPERGRAPH.replace("SECRET", "")))


def test_a_subgraphs_own_schema_is_read_with_the_directives_that_it_imports() -> None:
    old = 'type Query { a: A } type A @key(fields: "id") { id: ID! }'
    assert read_schema(old).type_map["A"]


@pytest.mark.parametrize(
    ("sdl", "place"),
    [
        ("type Query {", "line 1: Syntax Error"),
        ("type Query { a: Nothing }", "Nothing"),
        ("type Query { a: Int }\ntype Query { b: Int }", "Query"),
        ("type A { a: Int }", "Query root type"),
        (SUPERGRAPH.replace("SECRET", "").replace("graph: A", "graph: B"), "unknown graph 'B'"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(sdl: str, place: str) -> None:
    with pytest.raises(InvalidSchema, match=place):
        read_schema(sdl)


def test_the_gravest_come_first() -> None:
    old, new, _ = CASES["enum values"]
    levels = [change.level for change in find_changes(read_schema(old), read_schema(new))]
    assert levels == [Level.BREAKING, Level.BREAKING, Level.DANGEROUS]
