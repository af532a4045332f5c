"""The GraphQL over HTTP specification, at the edge's door."""

from urllib.parse import quote, urlencode

import pytest

from tests.support.asgi import ask
from tests.support.edge import JSON, RESPONSE, Edge

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_an_operation_over_two_subgraphs_is_answered() -> None:
    reply = await Edge().query("{ books { title reviews } }")
    assert reply.status == 200
    assert reply.json == {
        "data": {"books": [{"title": "Kim", "reviews": ["I liked 1"]}, {"title": "Emma", "reviews": ["I liked 2"]}]}
    }


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{RESPONSE};q=0.5, {JSON}", JSON),
        (f"{JSON};q=0, */*", RESPONSE),
        (f"text/plain, {RESPONSE}; charset=utf-8", RESPONSE),
        (BROWSER, JSON),
    ],
)
async def test_the_answer_has_the_media_type_that_was_preferred(accept: str | None, expected: str) -> None:
    reply = await Edge().query("{ whoami }", {} if accept is None else {"accept": accept})
    assert (reply.status, reply.headers["content-type"]) == (200, f"{expected}; charset=utf-8")


@pytest.mark.parametrize("accept", ["text/plain", "image/*", "application/json;q=0", "application/json;q=x", ""])
async def test_a_media_type_that_is_not_offered_is_406(accept: str) -> None:
    reply = await Edge().query("{ whoami }", {"accept": accept})
    assert (reply.status, reply.code) == (406, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin-1"],
)
async def test_a_body_that_is_not_said_to_be_json_in_utf8_is_415(content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    reply = await ask(Edge().app, "POST", "/graphql", body=b'{"query": "{ whoami }"}', headers=headers)
    assert (reply.status, reply.code) == (415, "BAD_USER_INPUT")


@pytest.mark.parametrize("content_type", ["application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"'])
async def test_the_content_type_may_name_utf8(content_type: str) -> None:
    assert (await Edge().post({"query": "{ whoami }"}, {"content-type": content_type})).status == 200


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"query": ""},
        {"query": None},
        {"query": {"a": 1}},
        {"query": ["{ whoami }"]},
        {"query": "{ whoami }", "variables": "x"},
        {"query": "{ whoami }", "variables": []},
        {"query": "{ whoami }", "operationName": 1},
        {"query": "{ whoami }", "extensions": 0},
        [{"query": "{ whoami }"}],
        "{ whoami }",
        None,
        7,
    ],
)
@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_parameters_of_a_wrong_type_are_400(request_: object, accept: str) -> None:
    reply = await Edge().post(request_, {"accept": accept})
    assert (reply.status, reply.code) == (400, "BAD_USER_INPUT")
    assert "data" not in reply.json


async def test_null_parameters_are_as_if_left_out() -> None:
    reply = await Edge().post({"query": "{ whoami }", "variables": None, "operationName": None, "extensions": None})
    assert "errors" not in reply.json


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { whoami } query B { whoami }"}, "BAD_USER_INPUT"),
        ({"query": "query A { whoami }", "operationName": "B"}, "BAD_USER_INPUT"),
        ({"query": "query ($v: Int!) { number(value: $v) }", "variables": {"v": "x"}}, "BAD_USER_INPUT"),
        ({"query": "query ($v: Int!) { number(value: $v) }"}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_executed_is_400_or_200_by_the_media_type_and_has_no_data(request_: object, code: str) -> None:
    edge = Edge()
    for accept, status in ((RESPONSE, 400), (JSON, 200)):
        reply = await edge.post(request_, {"accept": accept})
        assert (reply.status, reply.code) == (status, code)
        assert "data" not in reply.json


async def test_get_executes_a_query_with_its_variables() -> None:
    query = urlencode({"query": "query A($v: Int!) { number(value: $v) }", "variables": '{"v": 3}', "operationName": "A"})
    reply = await ask(Edge().app, "GET", f"/graphql?{query}", headers={"accept": RESPONSE})
    assert (reply.status, reply.json) == (200, {"data": {"number": 3}})


async def test_get_never_executes_a_mutation() -> None:
    edge = Edge()
    mutation = quote('mutation { rename(id: "1", title: "X") { id } }')
    reply = await ask(edge.app, "GET", f"/graphql?query={mutation}")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert edge.library.titles["1"] == "Kim"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query=",
        "query=%FF",
        "query={whoami}&variables=x",
        "query={whoami}&variables=[]",
        "query={a}&query={b}",
        "&".join("abcdefghijklmnopqrstuvwxyz"),
    ],
)
async def test_a_url_with_malformed_parameters_is_400(query: str) -> None:
    assert (await ask(Edge().app, "GET", f"/graphql?{query}", headers={"accept": JSON})).status == 400


async def test_a_url_that_is_too_long_is_414() -> None:
    assert (await ask(Edge().app, "GET", f"/graphql?query={'a' * 17_000}")).status == 414


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
async def test_other_methods_are_405(method: str) -> None:
    reply = await ask(Edge().app, method, "/graphql")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST, OPTIONS")


async def test_a_subscription_is_refused() -> None:
    reply = await Edge().query("subscription { a }")
    assert "data" not in reply.json


async def test_an_error_of_one_field_leaves_the_rest() -> None:
    reply = await Edge().query("{ whoami forbidden }", {"accept": RESPONSE})
    assert reply.status == 200
    assert reply.json["data"] == {"whoami": "None from 192.0.2.1", "forbidden": None}
    assert reply.errors == [{"message": "this shelf is for staff", "path": ["forbidden"], "extensions": {"code": "FORBIDDEN"}}]
