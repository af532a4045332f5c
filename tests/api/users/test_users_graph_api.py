"""People, whom they follow, block and mute, as a client and the gateway see them."""

import asyncio

import pytest

from murmur.events import Blocked, Followed, Unfollowed
from murmur.identity import Caller, Viewer
from subgraphs.users.model import ImportedEdge, ImportedUser
from subgraphs.users.schema import build_schema
from tests.api.users.town import Person, Town

FLAGS = "viewerFollows followsViewer viewerBlocks viewerMutes"
ENTITIES = "query ($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on User {{ {0} }} }} }}"


async def crowd(town: Town, size: int) -> list[str]:
    """Ids of people who follow the one before them."""
    await town.room.service.import_users([ImportedUser(handle=f"p{n}", name=f"P {n}", id=1000 + n) for n in range(size)])
    await town.room.service.import_follows([ImportedEdge(1000 + n, 999 + n) for n in range(1, size)])
    return [str(1000 + n) for n in range(size)]


@pytest.mark.parametrize("verb", ["follow", "unfollow", "block", "unblock", "mute", "unmute"])
async def test_every_verb_refuses_oneself_strangers_and_what_is_no_id(town: Town, verb: str) -> None:
    ada = await town.sign_up("ada")
    assert (await ada.act(verb, ada))["userErrors"] == [{"code": "SELF", "field": ["userId"]}]
    assert (await ada.act(verb, "12345"))["userErrors"] == [{"code": "NOT_FOUND", "field": ["userId"]}]
    document = f'mutation {{ {verb}(userId: "x") {{ user {{ id }} }} }}'
    [error] = await ada.errors(document)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "userId" in error["message"]
    [error] = await town.nobody.errors(document.replace('"x"', f'"{ada.id}"'))
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_following_twice_is_following_once(town: Town) -> None:
    ada, bob = await town.sign_up("ada"), await town.sign_up("bob")
    await town.events()
    for _ in range(2):
        followed = await ada.act("follow", bob, "followerCount viewerFollows followsViewer")
        assert followed == {
            "user": {"followerCount": 1, "viewerFollows": True, "followsViewer": False},
            "userErrors": [],
        }
    assert [type(event) for event in await town.events()] == [Followed]
    assert (await bob.ask("query ($id: ID!) { user(id: $id) { followsViewer followingCount } }", id=ada.id))["user"] == {
        "followsViewer": True,
        "followingCount": 1,
    }
    for _ in range(2):
        assert (await ada.act("unfollow", bob, "followerCount viewerFollows"))["user"] == {
            "followerCount": 0,
            "viewerFollows": False,
        }
    assert [type(event) for event in await town.events()] == [Unfollowed]


async def test_a_block_ends_both_follows_and_stands_against_new_ones(town: Town) -> None:
    ada, bob = await town.sign_up("ada"), await town.sign_up("bob")
    await ada.act("follow", bob)
    await bob.act("follow", ada)
    await town.events()
    blocked = await ada.act("block", bob, f"followerCount followingCount {FLAGS}")
    assert blocked["user"] == {
        "followerCount": 0,
        "followingCount": 0,
        "viewerFollows": False,
        "followsViewer": False,
        "viewerBlocks": True,
        "viewerMutes": False,
    }
    assert sorted(type(event).__name__ for event in await town.events()) == ["Blocked", "Unfollowed", "Unfollowed"]
    for who, whom in ((ada, bob), (bob, ada)):
        assert await who.act("follow", whom) == {"user": None, "userErrors": [{"code": "BLOCKED", "field": ["userId"]}]}
    assert (await bob.act("mute", ada, FLAGS))["user"]["viewerBlocks"] is False
    await ada.act("unblock", bob)
    assert (await bob.act("follow", ada))["userErrors"] == []


async def test_each_mutation_of_a_document_answers_for_its_own_moment(town: Town) -> None:
    ada, bob = await town.sign_up("ada"), await town.sign_up("bob")
    show = "{ user { viewerFollows followerCount followers { nodes { handle } } } }"
    answer = await ada.ask(
        f"mutation ($id: ID!) {{ a: follow(userId: $id) {show} b: unfollow(userId: $id) {show} c: follow(userId: $id) {show} }}",
        id=bob.id,
    )
    followed = {"viewerFollows": True, "followerCount": 1, "followers": {"nodes": [{"handle": "ada"}]}}
    left = {"viewerFollows": False, "followerCount": 0, "followers": {"nodes": []}}
    assert [answer[key]["user"] for key in "abc"] == [followed, left, followed]


async def test_many_who_follow_at_once_are_counted_one_by_one(town: Town) -> None:
    [star, *fans] = await crowd(town, 30)
    people = [Person(town, Caller(Viewer(int(fan), "s"))) for fan in fans]
    await asyncio.gather(*(person.act("follow", star) for person in people for _ in range(3)))
    await asyncio.gather(*(person.act("unfollow", star) for person in people[:10]))
    counted = await town.nobody.ask(
        "query ($id: ID!) { user(id: $id) { followerCount followers(first: 100) { nodes { id } } } }", id=star
    )
    assert counted["user"]["followerCount"] == len(counted["user"]["followers"]["nodes"]) == 19


async def test_a_person_is_found_by_exactly_one_of_id_and_handle(town: Town) -> None:
    ada = await town.sign_up("Ada")
    by_id = await town.nobody.ask("query ($id: ID!) { user(id: $id) { handle } }", id=ada.id)
    by_handle = await town.nobody.ask('{ user(handle: "aDa") { handle } }')
    assert by_id == by_handle == {"user": {"handle": "Ada"}}
    assert await town.nobody.ask("query ($h: String) { user(handle: $h) { id } }", h="\ud800") == {"user": None}
    for nobody in ('id: "1"', 'handle: "eve"', 'handle: "no handle"', 'handle: ""'):
        assert await town.nobody.ask(f"{{ user({nobody}) {{ handle }} }}") == {"user": None}
    for document in (
        "{ user { id } }",
        '{ user(id: "1", handle: "ada") { id } }',
        '{ user(id: "-1") { id } }',
        '{ user(id: "99999999999999999999") { id } }',
    ):
        [error] = await town.nobody.errors(document)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_people_come_in_the_order_of_their_ids_in_one_read(town: Town) -> None:
    ids = await crowd(town, 100)
    town.store.calls.clear()
    asked = [ids[3], "5", ids[1], ids[3], *ids[:96]]
    answer = await town.nobody.ask(
        "query ($ids: [ID!]!) { users(ids: $ids) { id handle followerCount viewerFollows } }", ids=asked
    )
    assert [user and user["id"] for user in answer["users"]] == [ids[3], None, ids[1], ids[3], *ids[:96]]
    assert town.store.calls == {"users": 1}
    for wrong in ([*ids, "1"], ["x"]):
        [error] = await town.nobody.errors("query ($ids: [ID!]!) { users(ids: $ids) { id } }", ids=wrong)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("size", [2, 50])
async def test_entities_of_either_key_and_their_lists_cost_a_fixed_number_of_reads(town: Town, size: int) -> None:
    ids = await crowd(town, size)
    viewer = Person(town, Caller(Viewer(1000, "s")))
    town.store.calls.clear()
    of = [{"__typename": "User", "id": id_} for id_ in ids] + [{"__typename": "User", "handle": f"P{n}"} for n in range(size)]
    document = ENTITIES.format(
        f"id handle {FLAGS} followers(first: 5) {{ nodes {{ handle viewerFollows }} }} following {{ nodes {{ id }} }}"
    )
    answer = await viewer.ask(document, of=of)
    assert answer["_entities"][:size] == answer["_entities"][size:]
    assert answer["_entities"][1]["viewerFollows"] is False
    assert answer["_entities"][1]["followsViewer"] is True
    assert town.store.calls["users"] == town.store.calls["users_of_handles"] == 1
    assert town.store.calls["neighbours"] == 1
    assert town.store.calls["relations"] <= 2


async def test_an_entity_that_nobody_is_is_null(town: Town) -> None:
    ada = await town.sign_up("ada")
    of = [{"id": ada.id}, {"id": "1"}, {"handle": "nobody"}, {"handle": "not a handle"}, {"id": ada.id, "handle": "ada"}]
    answer = await town.nobody.ask(ENTITIES.format("handle"), of=[{"__typename": "User"} | one for one in of])
    assert answer["_entities"] == [{"handle": "ada"}, None, None, None, {"handle": "ada"}]


async def test_flags_are_false_for_nobody_in_particular_and_for_oneself(town: Town) -> None:
    ada, bob = await town.sign_up("ada"), await town.sign_up("bob")
    await ada.act("follow", bob)
    none = dict.fromkeys(FLAGS.split(), False)
    assert (await town.nobody.ask(f'{{ user(handle: "bob") {{ {FLAGS} }} }}'))["user"] == none
    assert (await ada.ask(f"{{ me {{ {FLAGS} }} }}"))["me"] == none


async def test_pages_of_followers_join_without_gap_or_repeat_while_new_ones_come(town: Town) -> None:
    [star, *fans] = await crowd(town, 12)
    await town.room.service.import_follows([ImportedEdge(int(fan), int(star), id=50 + n) for n, fan in enumerate(fans[1:])])
    document = """query ($id: ID!, $after: String) { user(id: $id) {
      followers(first: 4, after: $after) { nodes { id } edges { cursor node { id } } pageInfo { hasNextPage endCursor } }
    } }"""
    seen: list[str] = []
    after = None
    for late in range(10):
        page = (await town.nobody.ask(document, id=star, after=after))["user"]["followers"]
        seen += [node["id"] for node in page["nodes"]]
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        late_comer = await town.sign_up(f"late{late}")
        await late_comer.act("follow", star)
    assert sorted(seen) == sorted(fans)
    assert seen[0] == fans[0]
    assert seen[1:] == fans[:0:-1]


async def test_a_page_or_cursor_out_of_bounds_is_bad_input(town: Town) -> None:
    [star, other, *_] = await crowd(town, 3)
    document = "query ($id: ID!) {{ user(id: $id) {{ {0} {{ nodes {{ id }} pageInfo {{ endCursor }} }} }} }}"
    page = (await town.nobody.ask(document.format("followers(first: 1)"), id=star))["user"]["followers"]
    cursor = page["pageInfo"]["endCursor"]
    for field in (
        "followers(first: 0)",
        "followers(first: 101)",
        "followers(last: 0)",
        "followers(first: 1, last: 1)",
        'followers(after: "forged")',
        f'followers(before: "{cursor}x")',
        f'following(after: "{cursor}")',
    ):
        [error] = await town.nobody.errors(document.format(field), id=star)
        assert error["extensions"]["code"] == "BAD_USER_INPUT", field
    theirs = document.format(f'followers(after: "{cursor}")')
    assert await town.nobody.errors(theirs, id=star) == []
    [error] = await town.nobody.errors(theirs, id=other)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_blocked_are_in_no_list_of_followers(town: Town) -> None:
    ada, bob, eve, star = [await town.sign_up(handle) for handle in ("ada", "bob", "eve", "star")]
    for fan in (ada, bob, eve):
        await fan.act("follow", star)
    await ada.act("block", bob)
    await eve.act("block", ada)
    document = '{ user(handle: "star") { followerCount followers { nodes { handle } } } }'
    assert (await ada.ask(document))["user"] == {"followerCount": 3, "followers": {"nodes": [{"handle": "ada"}]}}
    assert len((await town.nobody.ask(document))["user"]["followers"]["nodes"]) == 3


async def test_suggestions_are_for_who_is_signed_in(town: Town) -> None:
    ada, bob, eve = [await town.sign_up(handle) for handle in ("ada", "bob", "eve")]
    await ada.act("follow", bob)
    await bob.act("follow", eve)
    assert await ada.ask("{ suggestions { handle followsViewer } }") == {
        "suggestions": [{"handle": "eve", "followsViewer": False}]
    }
    await ada.act("mute", eve)
    assert await ada.ask("query ($n: Int) { suggestions(first: $n) { handle } }", n=100) == {"suggestions": []}
    for first in (0, 101):
        [error] = await ada.errors(f"{{ suggestions(first: {first}) {{ handle }} }}")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    [error] = await town.nobody.errors("{ suggestions { handle } }")
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_events_of_a_block_name_who_did_what(town: Town) -> None:
    ada, bob = await town.sign_up("ada"), await town.sign_up("bob")
    await bob.act("follow", ada)
    await town.events()
    await ada.act("block", bob)
    ended, blocked = await town.events()
    assert isinstance(ended, Unfollowed)
    assert isinstance(blocked, Blocked)
    assert (str(ended.follower_id), str(ended.followee_id)) == (bob.id, ada.id)
    assert (str(blocked.blocker_id), str(blocked.blocked_id)) == (ada.id, bob.id)


def test_the_schema_is_described_whole_and_keeps_what_is_private_to_itself() -> None:
    schema = build_schema()._schema
    assert 'type User @key(fields: "id") @key(fields: "handle")' in build_schema().as_str()
    for type_ in schema.type_map.values():
        if type_.name.startswith("_") or not hasattr(type_, "fields"):
            continue
        assert type_.description, type_.name
        for name, field in type_.fields.items():
            assert field.description or name.startswith("_"), f"{type_.name}.{name}"
            for argument, given in getattr(field, "args", {}).items():
                assert given.description or name.startswith("_"), f"{type_.name}.{name}({argument})"
    assert not {"email", "password", "passwordHash", "key"} & set(schema.type_map["User"].fields)
