"""What a request may ask for is bounded by its page sizes before anything is fetched."""

import pytest

from tests.support.city import City


def nested(levels: int, first: str) -> str:
    query = "handle"
    for _ in range(levels):
        query = f"followers(first: {first}) {{ nodes {{ {query} }} }}"
    return query


REFUSED = [
    (f'{{ user(handle: "x") {{ {nested(4, "100")} }} }}', {}),
    (f'query ($n: Int) {{ user(handle: "x") {{ {nested(3, "$n")} }} }}', {"n": 60}),
    (f'query ($n: Int = 60) {{ user(handle: "x") {{ {nested(3, "$n")} }} }}', {}),
    (f'{{ user(handle: "x") {{ ...A }} }} fragment A on User {{ {nested(3, "50")} }}', {}),
    ("query ($ids: [ID!]!) { users(ids: $ids) { following(last: 100) { edges { node { id } } } } }", {"ids": ["1"] * 100}),
    ("{ " + " ".join(f'a{n}: user(handle: "x") {{ {nested(2, "50")} }}' for n in range(5)) + " }", {}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "variables"), REFUSED)
async def test_answers_of_too_many_objects_are_refused_before_they_are_fetched(
    city: City, document: str, variables: dict[str, object]
) -> None:
    response = await city.nobody.run(document, **variables)
    assert "data" not in response
    assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "more than 10000 objects" in response["errors"][0]["message"]


async def test_what_screens_ask_for_is_let_through(city: City) -> None:
    ada = await city.person("ada")
    await ada.tweet("hello")
    thread = "text author { handle name } entities { mentions { handle user { name } } hashtags { tag } links { url } }"
    home = f"tweet {{ {thread} quoted {{ {thread} }} inReplyTo {{ {thread} }} likedBy(first: 3) {{ nodes {{ handle }} }} }}"
    data = await ada.ask(f"{{ homeTimeline(first: 100) {{ edges {{ cursor node {{ {home} retweetedBy {{ handle }} }} }} }} }}")
    assert len(data["homeTimeline"]["edges"]) == 1
    data = await ada.ask(f'query ($n: Int) {{ user(handle: "ada") {{ {nested(2, "$n")} }} }}', n=None)
    assert data["user"]["followers"]["nodes"] == []
