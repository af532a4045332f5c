"""Bad input to the whole platform: each says what was wrong with a stable code, and nothing is half done."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from murmur.archive.exporting import export_rows
from murmur.archive.rows import encode_row
from murmur.cursors import encode_cursor
from murmur.roles.up import Platform
from tests.support.asgi import ask
from tests.support.city import City, Person

CODES = {
    "BAD_USER_INPUT",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "RATE_LIMITED",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
}
_NOWHERE = "999999999999999999"
_HUGE = "99999999999999999999999999"
_PAGES = "nodes { id }"


async def _everything(platform: Platform) -> bytes:
    """All that can be told of what is stored."""
    rows = export_rows(platform.rooms.users.store, platform.rooms.tweets.store)
    return b"\n".join([encode_row(row) async for row in rows])


def _create(**input_: object) -> tuple[str, dict[str, object]]:
    shown = "{ tweet { id } userErrors { code message field } }"
    return f"mutation ($input: CreateTweetInput!) {{ createTweet(input: $input) {shown} }}", {"input": input_}


def _sign_up(**input_: object) -> tuple[str, dict[str, object]]:
    given = {"handle": "new", "password": "correct horse", "name": "New", **input_}
    return (
        "mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } userErrors { code message field } } }",
        {"input": given},
    )


def _update(**input_: object) -> tuple[str, dict[str, object]]:
    shown = "{ user { id } userErrors { code message field } }"
    return f"mutation ($input: UpdateProfileInput!) {{ updateProfile(input: $input) {shown} }}", {"input": input_}


def _verb(verb: str, id_: object) -> tuple[str, dict[str, object]]:
    argument, entity = ("tweetId", "tweet") if verb in ("like", "retweet", "bookmark", "unlike") else ("userId", "user")
    argument = "id" if verb == "deleteTweet" else argument
    entity = "tweet" if verb == "deleteTweet" else entity
    shown = f"{{ {entity} {{ id }} userErrors {{ code message field }} }}"
    return f"mutation ($id: ID!) {{ {verb}({argument}: $id) {shown} }}", {"id": id_}


# What a person can mend: the code, the field, and a word of the message.
REFUSED: Mapping[str, tuple[tuple[str, dict[str, object]], str, list[str], str]] = {
    "an empty text": (_create(text=""), "EMPTY", ["input", "text"], "empty"),
    "a text of spaces": (_create(text=" \n\t "), "EMPTY", ["input", "text"], "empty"),
    "281 characters": (_create(text="a" * 281), "TOO_LONG", ["input", "text"], "280"),
    "141 wide characters": (_create(text="漢" * 141), "TOO_LONG", ["input", "text"], "280"),
    "100,000 characters": (_create(text="a" * 100_000), "TOO_LONG", ["input", "text"], "at most"),
    "a NUL in a text": (_create(text="a\0b"), "INVALID", ["input", "text"], "U+0000"),
    "an answer to nothing": (_create(text="x", inReplyTo=_NOWHERE), "NOT_FOUND", ["input", "inReplyTo"], _NOWHERE),
    "a quote of nothing": (_create(text="x", quotes=_NOWHERE), "NOT_FOUND", ["input", "quotes"], _NOWHERE),
    "a like of nothing": (_verb("like", _NOWHERE), "NOT_FOUND", ["tweetId"], _NOWHERE),
    "a retweet of nothing": (_verb("retweet", _NOWHERE), "NOT_FOUND", ["tweetId"], _NOWHERE),
    "a bookmark of nothing": (_verb("bookmark", _NOWHERE), "NOT_FOUND", ["tweetId"], _NOWHERE),
    "an unlike of nothing": (_verb("unlike", _NOWHERE), "NOT_FOUND", ["tweetId"], _NOWHERE),
    "a deletion of nothing": (_verb("deleteTweet", _NOWHERE), "NOT_FOUND", ["id"], _NOWHERE),
    "following nobody": (_verb("follow", _NOWHERE), "NOT_FOUND", ["userId"], _NOWHERE),
    "unfollowing nobody": (_verb("unfollow", _NOWHERE), "NOT_FOUND", ["userId"], _NOWHERE),
    "blocking nobody": (_verb("block", _NOWHERE), "NOT_FOUND", ["userId"], _NOWHERE),
    "muting nobody": (_verb("mute", _NOWHERE), "NOT_FOUND", ["userId"], _NOWHERE),
    "following oneself": (_verb("follow", "ADA"), "SELF", ["userId"], "yourself"),
    "blocking oneself": (_verb("block", "ADA"), "SELF", ["userId"], "yourself"),
    "a handle that is taken": (_sign_up(handle="ADA"), "TAKEN", ["input", "handle"], "ADA"),
    "an empty handle": (_sign_up(handle=""), "EMPTY", ["input", "handle"], "at least one"),
    "a handle of 16": (_sign_up(handle="a" * 16), "TOO_LONG", ["input", "handle"], "15"),
    "a handle with a space": (_sign_up(handle="a b"), "INVALID", ["input", "handle"], "letters"),
    "a handle in Cyrillic": (_sign_up(handle="аdа"), "INVALID", ["input", "handle"], "letters"),
    "a short password": (_sign_up(password="short"), "TOO_SHORT", ["input", "password"], "8"),
    "a long password": (_sign_up(password="p" * 257), "TOO_LONG", ["input", "password"], "256"),
    "an empty name": (_sign_up(name=" "), "EMPTY", ["input", "name"], "at least one"),
    "a long name": (_sign_up(name="n" * 51), "TOO_LONG", ["input", "name"], "50"),
    "no e-mail address": (_sign_up(email="nowhere"), "INVALID", ["input", "email"], "e-mail"),
    "a long bio": (_update(bio="b" * 161), "TOO_LONG", ["input", "bio"], "160"),
    "a script for a website": (_update(website="javascript:alert(1)"), "INVALID", ["input", "website"], "http"),
    "a name that is cleared": (_update(name=None), "EMPTY", ["input", "name"], "at least one"),
}

# What only a programmer can mend: a GraphQL error, its code, and a word of the message.
ERRORS: Mapping[str, tuple[tuple[str, Mapping[str, object]], str]] = {
    "an id of letters": (_verb("like", "abc"), "'abc' is not an id"),
    "an id beyond 64 bits": (_verb("like", _HUGE), "is not an id"),
    "an id of 5,000 digits": (_verb("follow", "1" * 5_000), "is not an id"),
    "a negative id": (_verb("follow", "-1"), "'-1' is not an id"),
    "digits of another script": (_verb("follow", "١٢٣"), "is not an id"),
    "an answer to no id": (_create(text="x", inReplyTo="abc"), "inReplyTo"),
    "a quote of no id": (_create(text="x", quotes=""), "quotes"),
    "an empty key": (_create(text="x", idempotencyKey=""), "idempotencyKey"),
    "a key of 129": (_create(text="x", idempotencyKey="k" * 129), "128"),
    "a key with a line end": (_create(text="x", idempotencyKey="a\nb"), "printable"),
    "a number for a text": (_create(text=7), "String cannot represent"),
    "a list for a text": (_create(text=["x"]), "String cannot represent"),
    "no text": (_create(quotes="1"), "text"),
    "an unknown field of an input": (_create(text="x", color="red"), "color"),
    "null for an input": (
        ("mutation ($input: CreateTweetInput!) { createTweet(input: $input) { tweet { id } } }", {"input": None}),
        "null",
    ),
    "a missing variable": (("mutation ($id: ID!) { like(tweetId: $id) { tweet { id } } }", {}), "$id"),
    "an object for an id": (_verb("like", {"a": 1}), "ID cannot represent"),
    "a boolean for an id": (_verb("like", True), "ID cannot represent"),
    "a fraction for a page": (("query ($n: Int) { bookmarks(first: $n) { nodes { id } } }", {"n": 1.5}), "Int cannot represent"),
    "a text for a page": (("query ($n: Int) { bookmarks(first: $n) { nodes { id } } }", {"n": "10"}), "Int cannot represent"),
    "a page beyond 32 bits": (("query ($n: Int) { bookmarks(first: $n) { nodes { id } } }", {"n": 2**40}), "32-bit"),
    "a page of none": ((f"{{ bookmarks(first: 0) {{ {_PAGES} }} }}", {}), "1 to 100"),
    "a page of 101": ((f"{{ bookmarks(first: 101) {{ {_PAGES} }} }}", {}), "1 to 100"),
    "a negative page": ((f"{{ bookmarks(last: -1) {{ {_PAGES} }} }}", {}), "1 to 100"),
    "a home timeline of 101": (("{ homeTimeline(first: 101) { nodes { tweet { id } } } }", {}), "1 to 100"),
    "followers by the thousand": (("{ me { followers(first: 1000) { nodes { id } } } }", {}), "1 to 100"),
    "101 suggestions": (("{ suggestions(first: 101) { id } }", {}), "1 to 100"),
    "both ends of a list": ((f"{{ bookmarks(first: 1, last: 1) {{ {_PAGES} }} }}", {}), "first and last"),
    "a cursor of letters": ((f'{{ bookmarks(after: "nonsense") {{ {_PAGES} }} }}', {}), "after: not a cursor"),
    "an empty cursor": ((f'{{ bookmarks(after: "") {{ {_PAGES} }} }}', {}), "after: not a cursor"),
    "a cursor in another script": ((f'{{ bookmarks(before: "ключ") {{ {_PAGES} }} }}', {}), "before: not a cursor"),
    "a cursor of another list": (
        (f'{{ bookmarks(after: "{encode_cursor("homeTimeline", 5)}") {{ {_PAGES} }} }}', {}),
        "after: not a cursor",
    ),
    "a cursor beyond 64 bits": (
        (f'{{ homeTimeline(after: "{encode_cursor("homeTimeline", 2**63)}") {{ nodes {{ tweet {{ id }} }} }} }}', {}),
        "after: not a cursor",
    ),
    "101 ids": (("query ($ids: [ID!]!) { tweets(ids: $ids) { id } }", {"ids": ["1"] * 101}), "100"),
    "101 people": (("query ($ids: [ID!]!) { users(ids: $ids) { id } }", {"ids": ["1"] * 101}), "100"),
    "neither id nor handle": (("{ user { id } }", {}), "exactly one"),
    "both id and handle": (('{ user(id: "1", handle: "ada") { id } }', {}), "exactly one"),
    "a field that is not there": (("{ me { shoeSize } }", {}), "shoeSize"),
    "a document that ends too soon": (("{ me {", {}), "Syntax Error"),
    "a field without its selection": (("{ me }", {}), "me"),
    "a fragment that is not there": (("{ ...F }", {}), "F"),
    "a thousand aliases": (("{ " + " ".join(f"a{n}: __typename" for n in range(1_000)) + " }", {}), "root fields"),
    "a thousand aliases below the root": (("{ me { " + " ".join(f"a{n}: id" for n in range(1_000)) + " } }", {}), "aliases"),
    "a selection nested 1,800 deep": (("{ me { followers { nodes " + "{ followers { nodes " * 900, {}), "deep"),
    "a thousand mutations": (
        (
            "mutation { "
            + " ".join(f'a{n}: createTweet(input: {{text: "t"}}) {{ tweet {{ id }} }}' for n in range(1_000))
            + " }",
            {},
        ),
        "",
    ),
    "a subscription": (("subscription { me { id } }", {}), ""),
    "no document": (("", {}), "query"),
}

BODIES: Mapping[str, tuple[bytes, int, str]] = {
    "a body of 1 MiB and more": (orjson.dumps({"query": "{ me { id } }", "variables": {"a": "x" * 2**20}}), 413, "larger than"),
    "a document of 1 MiB": (orjson.dumps({"query": "{ me { id } }" + " " * (2**20 - 100)}), 413, "larger than"),
    "no JSON": (b"query { me { id } }", 400, "not JSON"),
    "JSON that ends too soon": (b'{"query": "{ me', 400, "not JSON"),
    "JSON nested 5,000 deep": (b'{"query": "{ me { id } }", "variables": {"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}", 400, ""),
    "an integer of 5,000 digits": (b'{"query": "{ me { id } }", "variables": {"a": ' + b"9" * 5_000 + b"}}", 400, ""),
    "invalid UTF-8": (b'{"query": "{ user(handle: \\"\xff\xfe\\") { id } }"}', 400, ""),
    "a lone surrogate": (b'{"query": "{ user(handle: \\"\\ud800\\") { id } }"}', 400, ""),
    "a lone surrogate in a variable": (
        b'{"query": "query ($h: String) { user(handle: $h) { id } }", "variables": {"h": "\\ud800"}}',
        400,
        "",
    ),
    "NaN": (b'{"query": "{ me { id } }", "variables": {"a": NaN}}', 400, "not JSON"),
    "null": (b"null", 400, "JSON object"),
    "a number": (b"7", 400, "JSON object"),
    "a batch": (b'[{"query": "{ me { id } }"}]', 400, "batches"),
    "nothing": (b"", 400, ""),
    "a document that is a number": (b'{"query": 7}', 400, "query"),
    "variables that are a list": (b'{"query": "{ me { id } }", "variables": []}', 400, "variables"),
    "no query": (b"{}", 400, "query"),
}


@pytest.fixture
async def ada(city: City) -> Person:
    ada = await city.person("ada")
    await ada.tweet("what was there")
    await (await city.person("bob")).follow(ada)
    return ada


def _named(variables: Mapping[str, object], ada: Person) -> dict[str, object]:
    return {name: ada.id if value == "ADA" else value for name, value in variables.items()}


@pytest.mark.parametrize("group", range(4))
async def test_what_a_person_can_mend_is_a_user_error_and_nothing_is_done(ada: Person, platform: Platform, group: int) -> None:
    before = await _everything(platform)
    for name in list(REFUSED)[group::4]:
        (document, variables), code, field, word = REFUSED[name]
        [payload] = (await ada.ask(document, **_named(variables, ada))).values()
        [error] = payload.pop("userErrors")
        assert (error["code"], error["field"]) == (code, field), name
        assert word in error["message"], (name, error)
        assert set(payload.values()) == {None}, name
    assert await _everything(platform) == before


@pytest.mark.parametrize("group", range(4))
async def test_what_a_programmer_must_mend_is_an_error_that_says_so(ada: Person, platform: Platform, group: int) -> None:
    before = await _everything(platform)
    for name in list(ERRORS)[group::4]:
        (document, variables), word = ERRORS[name]
        reply = await ada.post(orjson.dumps({"query": document, "variables": variables}))
        assert reply.status in (200, 400), (name, reply.status, reply.body[:500])
        _assert_told(name, reply.json, word)
    assert await _everything(platform) == before


async def test_a_body_that_is_no_request_is_a_4xx_that_says_why(ada: Person, platform: Platform) -> None:
    before = await _everything(platform)
    for name, (body, status, word) in BODIES.items():
        reply = await ada.post(body)
        assert reply.status == status, (name, reply.status, reply.body[:500])
        _assert_told(name, reply.json, word)
    assert await _everything(platform) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", '/graphql?query=mutation{like(tweetId:"1"){tweet{id}}}', 405),
        ("GET", "/graphql", 400),
        ("GET", "/graphql?query={me{id}}&variables=[", 400),
        ("GET", "/graphql?query=%ff%fe", 400),
        ("GET", "/graphql?query={me{id}}&query={me{id}}", 400),
        ("PUT", "/graphql", 405),
        ("DELETE", "/graphql", 405),
    ],
)
async def test_a_method_or_url_that_is_not_offered_is_a_4xx(platform: Platform, method: str, path: str, status: int) -> None:
    reply = await ask(platform.gateway.app, method, path)
    assert reply.status == status, reply.body
    _assert_told(path, reply.json, "")


async def test_of_two_mutations_the_one_that_is_refused_leaves_the_other_done(ada: Person) -> None:
    document = """mutation { a: createTweet(input: {text: "kept"}) { tweet { id } userErrors { code } }
      b: createTweet(input: {text: ""}) { tweet { id } userErrors { code } } }"""
    answer = await ada.ask(document)
    assert answer["a"]["userErrors"] == [] and answer["b"]["userErrors"] == [{"code": "EMPTY"}]
    assert (await ada.ask("{ me { tweetCount } }"))["me"]["tweetCount"] == 2


async def test_what_is_unknown_is_null_and_no_error(city: City, ada: Person) -> None:
    document = """query ($id: ID!) { tweet(id: $id) { id } user(id: $id) { id } tweets(ids: [$id]) { id } users(ids: [$id]) { id }
      byHandle: user(handle: "no one at all, surely") { id } }"""
    expected: dict[str, Any] = {"tweet": None, "user": None, "tweets": [None], "users": [None], "byHandle": None}
    for who in (ada, city.nobody):
        assert await who.ask(document, id=_NOWHERE) == expected


def _assert_told(name: str, response: Mapping[str, Any], word: str) -> None:
    """Each error of a response has a stable code and a message for people; one of them says what was wrong."""
    assert response["errors"], name
    for error in response["errors"]:
        assert error["extensions"]["code"] in CODES, (name, error)
        assert error["message"] and "Traceback" not in error["message"], (name, error)
        assert not {"stacktrace", "exception", "debug"} & error["extensions"].keys(), (name, error)
    assert any(word in error["message"] for error in response["errors"]), (name, response["errors"][:3])
