"""What a change of applied directives means: one place before and after, and what is said of it."""

import pytest

from gateway.federation.changes import find_changes, read_schema
from gateway.federation.composition import SubgraphSdl, compose

CASES: dict[str, tuple[str, str, list[str]]] = {
    "protection that comes": (
        "",
        "@authenticated",
        ["breaking AUTHENTICATED_ADDED Query.a: @authenticated added"],
    ),
    "protection that goes": (
        '@policy(policies: [["p"]])',
        "",
        ['dangerous POLICY_REMOVED Query.a: @policy(policies: [["p"]]) removed'],
    ),
    "one more scope to have": (
        '@requiresScopes(scopes: [["a"]])',
        '@requiresScopes(scopes: [["a", "b"]])',
        [
            'breaking REQUIRES_SCOPES_CHANGED Query.a: @requiresScopes(scopes: [["a"]]) changed to @requiresScopes(scopes: [["a", "b"]])'
        ],
    ),
    "one more way to pass": (
        '@requiresScopes(scopes: [["a"]])',
        '@requiresScopes(scopes: [["a"], ["b"]])',
        [
            (
                'dangerous REQUIRES_SCOPES_CHANGED Query.a: @requiresScopes(scopes: [["a"]]) changed to'
                ' @requiresScopes(scopes: [["a"], ["b"]])'
            )
        ],
    ),
    "one way less to pass": (
        '@requiresScopes(scopes: [["a"], ["b"]])',
        '@requiresScopes(scopes: [["a"]])',
        [
            (
                'breaking REQUIRES_SCOPES_CHANGED Query.a: @requiresScopes(scopes: [["a"], ["b"]]) changed to'
                ' @requiresScopes(scopes: [["a"]])'
            )
        ],
    ),
    "dearer": (
        "@cost(weight: 1)",
        "@cost(weight: 5)",
        ["dangerous COST_CHANGED Query.a: @cost(weight: 1) changed to @cost(weight: 5)"],
    ),
    "cheaper": (
        "@cost(weight: 5)",
        "@cost(weight: 1)",
        ["safe COST_CHANGED Query.a: @cost(weight: 5) changed to @cost(weight: 1)"],
    ),
    "a weight instead of the default": ("", "@cost(weight: 0)", ["dangerous COST_ADDED Query.a: @cost(weight: 0) added"]),
    "longer lists": (
        "@listSize(assumedSize: 5)",
        "@listSize(assumedSize: 50)",
        ["dangerous LIST_SIZE_CHANGED Query.a: @listSize(assumedSize: 5) changed to @listSize(assumedSize: 50)"],
    ),
    "shorter lists": (
        "@listSize(assumedSize: 50)",
        "@listSize(assumedSize: 5)",
        ["safe LIST_SIZE_CHANGED Query.a: @listSize(assumedSize: 50) changed to @listSize(assumedSize: 5)"],
    ),
    "a slicing argument to give": (
        "@listSize(assumedSize: 5)",
        '@listSize(slicingArguments: ["n"])',
        ['breaking LIST_SIZE_CHANGED Query.a: @listSize(assumedSize: 5) changed to @listSize(slicingArguments: ["n"])'],
    ),
    "a slicing argument that need not be given": (
        "",
        '@listSize(slicingArguments: ["n"], requireOneSlicingArgument: false)',
        [
            'dangerous LIST_SIZE_ADDED Query.a: @listSize(requireOneSlicingArgument: false, slicingArguments: ["n"]) added',
        ],
    ),
    "hidden": ("", "@inaccessible", ["breaking INACCESSIBLE_ADDED Query.a: @inaccessible added"]),
    "shown": ("@inaccessible", "", ["safe INACCESSIBLE_REMOVED Query.a: @inaccessible removed"]),
    "tags": (
        '@tag(name: "x") @tag(name: "y")',
        '@tag(name: "y") @tag(name: "z") @tag(name: "w")',
        [
            'safe TAG_ADDED Query.a: @tag(name: "w") added',
            'safe TAG_ADDED Query.a: @tag(name: "z") added',
            'safe TAG_REMOVED Query.a: @tag(name: "x") removed',
        ],
    ),
    "a directive of one's own": (
        "@cached(for: 5)",
        "@cached(for: 6)",
        ["dangerous APPLIED_DIRECTIVE_CHANGED Query.a: @cached(for: 5) changed to @cached(for: 6)"],
    ),
    "another order of arguments": ("@cached(for: 5, as: {a: 1, b: 2})", "@cached(as: {b: 2, a: 1}, for: 5)", []),
    "what only composition reads": ("", '@shareable @provides(fields: "b") @federation__override(from: "x")', []),
    "the long name of a federation directive": ("@federation__authenticated", "@authenticated", []),
    "a deprecation is told as such": ("", "@deprecated", ["safe DEPRECATION_ADDED Query.a: deprecated: No longer supported"]),
}


@pytest.mark.parametrize("title", CASES)
def test_a_field(title: str) -> None:
    before, after, said = CASES[title]
    definition = "directive @cached(for: Int, as: Any) on FIELD_DEFINITION scalar Any "
    old, new = (read_schema(f"{definition} type Query {{ a: Int {each} }}") for each in (before, after))
    assert sorted(map(str, find_changes(old, new))) == sorted(said)


@pytest.mark.parametrize(
    ("sdl", "coordinate"),
    [
        ("type Query %s { a: Int }", "Query"),
        ("type Query { a(b: Int %s): Int }", "Query.a(b:)"),
        ("type Query { a(b: I): Int } input I { c: Int %s }", "I.c"),
        ("type Query { a: E } enum E { A %s }", "E.A"),
        ("type Query { a: E } enum E %s { A }", "E"),
        ("type Query { a: S } scalar S %s", "S"),
        ("type Query { a: U } union U %s = A type A { a: Int }", "U"),
        ("type Query { a: U } interface U { a: Int %s }", "U.a"),
        ("type Query { a: U } type U { a: Int } extend type U %s", "U"),
        ("schema %s { query: Query } type Query { a: Int }", "schema"),
    ],
)
def test_every_place(sdl: str, coordinate: str) -> None:
    before = sdl.replace("extend type U %s", "") % () if "extend" in sdl else sdl % ""
    changes = find_changes(read_schema(before), read_schema(sdl % '@tag(name: "x")'))
    assert [str(each) for each in changes] == [f'safe TAG_ADDED {coordinate}: @tag(name: "x") added']


def test_what_is_new_or_gone_is_told_once() -> None:
    old, new = read_schema("type Query { a: Int }"), read_schema("type Query { a: Int b: Int @authenticated }")
    assert [each.code for each in find_changes(old, new)] == ["FIELD_ADDED"]
    assert [each.code for each in find_changes(new, old)] == ["FIELD_REMOVED"]


def test_supergraphs_are_compared_with_what_clients_meet() -> None:
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@key", "@tag"]) '

    def supergraph(name: str, applied: str) -> str:
        return compose([SubgraphSdl(name, "http://a.test", f"{link} type Query {{ a: Int {applied} }}")])

    changes = find_changes(read_schema(supergraph("a", '@tag(name: "x")')), read_schema(supergraph("b", "@authenticated")))
    assert [each.code for each in changes] == ["AUTHENTICATED_ADDED", "TAG_REMOVED"]
