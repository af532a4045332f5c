"""Custom directives of a client's operation reach the subgraphs, which all define them."""

from graphql import print_schema

from .doubles import Recorder, ask, engine, federate, supergraph_sdl

DIRECTIVES = """
directive @audit(level: Int! = 1, by: String) on QUERY | MUTATION | FIELD | INLINE_FRAGMENT | FRAGMENT_SPREAD
directive @tagged(name: String!) repeatable on FIELD | VARIABLE_DEFINITION
directive @once on MUTATION
directive @spread on FRAGMENT_SPREAD | FRAGMENT_DEFINITION
"""
ITEMS = [{"id": "1", "name": "one", "by": "1"}]


def shops() -> tuple[Recorder, Recorder]:
    first = Recorder(
        DIRECTIVES
        + 'type Query { items: [Item!]! } type Mutation { add: Item } type Item @key(fields: "id") { id: ID! name(a: Int): String }',
        {"items": ITEMS, "add": ITEMS[0]},
    )
    second = Recorder(
        DIRECTIVES + 'type Item @key(fields: "id") { id: ID! size: Int }', entities={"Item": lambda sent: {**sent, "size": 2}}
    )
    return first, second


async def documents(document: str, **variables: object) -> list[str]:
    first, second = shops()
    response = await ask(federate({"first": first, "second": second}), document, variables)
    assert "errors" not in response
    return [request.document for request in (*first.requests, *second.requests)]


async def test_those_of_an_operation_are_on_each_of_its_fetches() -> None:
    sent = await documents("query Q($by: String) @audit(level: 2, by: $by) { items { size } }", by="me")
    assert sent == [
        "query Q__first__1($by:String) @audit(level: 2, by: $by){items{id}}",
        (
            "query Q__second__2($representations:[_Any!]!,$by:String) @audit(level: 2, by: $by)"
            "{_entities(representations:$representations){...on Item{size}}}"
        ),
    ]


async def test_what_stands_on_mutations_alone_is_not_on_the_queries_after_them() -> None:
    assert await documents("mutation @once @audit { add { size } }") == [
        "mutation @once @audit(level: 1){add__1: add{id}}",
        "query($representations:[_Any!]!) @audit(level: 1){_entities(representations:$representations){...on Item{size}}}",
    ]


async def test_those_of_a_field_go_with_it_and_repeat() -> None:
    [sent] = await documents('{ items { name(a: 1) @tagged(name: "x") @tagged(name: "y") @audit } }')
    assert sent == '{items{name(a: 1) @tagged(name: "x") @tagged(name: "y") @audit(level: 1)}}'


async def test_fields_that_are_merged_have_the_directives_of_all() -> None:
    [sent] = await documents('{ items { name @tagged(name: "x") } ... { items { name @tagged(name: "y") name @audit } } }')
    assert sent == '{items{name @tagged(name: "x") @tagged(name: "y") @audit(level: 1)}}'


async def test_those_of_fragments_are_around_their_fields() -> None:
    sent = await documents(
        "query($by: String, $if: Boolean!) { items { ... @audit(by: $by) { size name @include(if: $if) } ...F @audit(level: 3) } }"
        " fragment F on Item { again: name(a: 2) }",
        by="me",
        **{"if": True},
    )
    assert sent == [
        (
            "query($by:String,$if:Boolean!){items{... @audit(level: 1, by: $by) { name @include(if: $if) }"
            " ... @audit(level: 3) { name__1: name(a: 2) } id}}"
        ),
        (
            "query($representations:[_Any!]!,$by:String){_entities(representations:$representations)"
            "{...on Item{... @audit(level: 1, by: $by) { size }}}}"
        ),
    ]


async def test_what_may_not_stand_on_an_inline_fragment_is_left_out() -> None:
    assert await documents("{ items { ...F @spread } } fragment F on Item @spread { name }") == ["{items{name}}"]


async def test_a_field_in_and_out_of_such_a_fragment_is_one_field() -> None:
    first, second = shops()
    gateway = federate({"first": first, "second": second})
    response = await ask(gateway, "{ ... @audit { items { id } } items { name } }")
    assert response == {"data": {"items": [{"id": "1", "name": "one"}]}}
    assert [each.document for each in first.requests] == ["{... @audit(level: 1) { items{id name} }}"]


async def test_those_of_variables_go_with_their_declaration() -> None:
    [sent] = await documents('query($a: Int = 3 @tagged(name: "a")) { items { name(a: $a) } }')
    assert sent == 'query($a:Int=3 @tagged(name: "a")){items{name(a: $a)}}'


def test_clients_see_the_definitions_with_their_arguments_and_defaults() -> None:
    first, second = shops()
    printed = print_schema(federate({"first": first, "second": second}).api_schema)
    assert (
        "directive @audit(level: Int! = 1, by: String) on QUERY | MUTATION | FIELD | INLINE_FRAGMENT | FRAGMENT_SPREAD" in printed
    )


def test_defer_and_stream_do_not_travel() -> None:
    sdl = "directive @defer on INLINE_FRAGMENT " + supergraph_sdl("a", "type Query @join__type(graph: A) { x: Int }")
    assert "defer" not in str(engine(sdl).prepare("{ ... @defer { x } }").plan)
