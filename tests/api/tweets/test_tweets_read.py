"""Reading tweets, threads and lists as a client sees them."""

import pytest

from tests.support.square import Square

ENTITIES = (
    "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Tweet { id text deleted } ... on User { id tweetCount } } }"
)


async def nodes(square: Square, viewer: int | None, user: int, field: str) -> list[str]:
    selection = field + " { nodes { id } }"
    document = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { list: " + selection + " } } }"
    answer = await square.ask(viewer, document, of=[{"__typename": "User", "id": str(user)}])
    return [node["id"] for node in answer["_entities"][0]["list"]["nodes"]]


async def test_entities_stand_in_code_points_with_the_people_they_name(square: Square) -> None:
    ann = await square.person("ann", "Bob_1")
    tweet = await square.tweet(ann, "👋 @bob_1 and @nobody: #Straße see https://example.com/a?b=c")
    read = await square.ask(
        None,
        """query ($id: ID!) { tweet(id: $id) { entities {
          mentions { handle start end user { id } } hashtags { tag start end } links { url start end }
        } } }""",
        id=str(tweet),
    )
    assert read["tweet"]["entities"] == {
        "mentions": [
            {"handle": "bob_1", "start": 2, "end": 8, "user": {"id": str(square.people["bob_1"])}},
            {"handle": "nobody", "start": 13, "end": 20, "user": None},
        ],
        "hashtags": [{"tag": "Straße", "start": 22, "end": 29}],
        "links": [{"url": "https://example.com/a?b=c", "start": 34, "end": 59}],
    }


async def test_unknown_tweets_are_null_and_ids_keep_their_places(square: Square) -> None:
    ann = await square.person("ann")
    first, second = await square.tweet(ann, "1"), await square.tweet(ann, "2")
    ids = [str(second), "5", str(first), str(second)]
    read = await square.ask(None, "query ($ids: [ID!]!) { tweet(id: 5) { id } tweets(ids: $ids) { id } }", ids=ids)
    assert read == {"tweet": None, "tweets": [{"id": str(second)}, None, {"id": str(first)}, {"id": str(second)}]}


async def test_more_than_a_hundred_ids_are_too_many(square: Square) -> None:
    document = "query ($ids: [ID!]!) { tweets(ids: $ids) { id } }"
    assert (await square.ask(None, document, ids=["7"] * 100))["tweets"] == [None] * 100
    response = await square.run(None, document, ids=["7"] * 101)
    assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "100" in response["errors"][0]["message"]


@pytest.mark.parametrize("by_author", [True, False])
async def test_a_block_in_either_direction_hides_tweets_everywhere(square: Square, by_author: bool) -> None:
    ann = await square.person("ann", "bob")
    bob = square.people["bob"]
    root = await square.tweet(bob, "root")
    hidden = await square.tweet(ann, "hidden", in_reply_to_id=root)
    leaf = await square.tweet(bob, "leaf", in_reply_to_id=hidden)
    quote = await square.tweet(bob, "quote", quoted_id=hidden)
    await square.room.service.bookmark(bob, hidden)
    await square.room.service.like(bob, hidden)
    await square.room.service.like(ann, root)
    await (square.graph.block(ann, bob) if by_author else square.graph.block(bob, ann))
    document = """query ($root: ID!, $hidden: ID!, $leaf: ID!, $quote: ID!) {
      hidden: tweet(id: $hidden) { id }
      listed: tweets(ids: [$hidden, $root]) { id }
      root: tweet(id: $root) { replyCount replies { nodes { id } } likedBy { nodes { id } } }
      leaf: tweet(id: $leaf) { inReplyTo { id } ancestors { id } }
      quote: tweet(id: $quote) { quoted { id } }
    }"""
    ids = {"root": str(root), "hidden": str(hidden), "leaf": str(leaf), "quote": str(quote)}
    assert await square.ask(bob, document, **ids) == {
        "hidden": None,
        "listed": [None, {"id": str(root)}],
        "root": {"replyCount": 1, "replies": {"nodes": []}, "likedBy": {"nodes": []}},
        "leaf": {"inReplyTo": None, "ancestors": [{"id": str(root)}]},
        "quote": {"quoted": None},
    }
    assert (await square.ask(bob, "{ bookmarks { nodes { id } } }"))["bookmarks"]["nodes"] == []
    for field in ("tweets", "replies", "likes"):
        assert await nodes(square, bob, ann, field) == []
    assert await nodes(square, bob, bob, "likes") == []
    everybody = await square.ask(None, document, **ids)
    assert everybody["leaf"] == {"inReplyTo": {"id": str(hidden)}, "ancestors": [{"id": str(root)}, {"id": str(hidden)}]}
    assert everybody["root"] == {
        "replyCount": 1,
        "replies": {"nodes": [{"id": str(hidden)}]},
        "likedBy": {"nodes": [{"id": str(ann)}]},
    }


async def test_as_an_entity_a_hidden_tweet_is_a_tombstone_and_an_unknown_one_null(square: Square) -> None:
    ann = await square.person("ann", "bob")
    shown, hidden = await square.tweet(square.people["bob"], "shown"), await square.tweet(ann, "hidden")
    await square.graph.block(ann, square.people["bob"])
    of = [{"__typename": "Tweet", "id": str(each)} for each in (shown, hidden, 5)]
    of.append({"__typename": "User", "id": str(ann)})
    answer = await square.ask(square.people["bob"], ENTITIES, of=of)
    assert answer["_entities"] == [
        {"id": str(shown), "text": "shown", "deleted": False},
        {"id": str(hidden), "text": "", "deleted": True},
        None,
        {"id": str(ann), "tweetCount": 1},
    ]


async def test_a_mute_hides_nothing_here(square: Square) -> None:
    ann = await square.person("ann", "bob")
    tweet = await square.tweet(ann, "still here")
    await square.graph.mute(square.people["bob"], ann)
    assert (await square.ask(square.people["bob"], "query ($id: ID!) { tweet(id: $id) { text } }", id=str(tweet)))["tweet"]


async def test_a_persons_lists_tell_tweets_replies_and_likes_apart(square: Square) -> None:
    ann = await square.person("ann", "bob")
    bob = square.people["bob"]
    tweets = [await square.tweet(ann, f"t{number}") for number in range(3)]
    theirs = [await square.tweet(bob, f"b{number}") for number in range(3)]
    replies = [await square.tweet(ann, f"r{number}", in_reply_to_id=theirs[0]) for number in range(2)]
    for tweet in (theirs[2], theirs[0], theirs[1]):
        await square.room.service.like(ann, tweet)
    await square.room.service.delete(ann, tweets[1])
    await square.room.service.delete(bob, theirs[0])
    assert await nodes(square, None, ann, "tweets") == [str(tweets[2]), str(tweets[0])]
    assert await nodes(square, None, ann, "replies") == [str(replies[1]), str(replies[0])]
    assert await nodes(square, None, ann, "likes") == [str(theirs[1]), str(theirs[2])]
    assert await nodes(square, None, 404, "tweets") == []
    counted = await square.ask(None, ENTITIES, of=[{"__typename": "User", "id": str(each)} for each in (ann, bob, 404)])
    assert [user["tweetCount"] for user in counted["_entities"]] == [4, 2, 0]


async def test_bookmarks_are_the_viewers_own_by_the_time_of_the_bookmark(square: Square) -> None:
    ann = await square.person("ann", "bob")
    tweets = [await square.tweet(ann, f"t{number}") for number in range(3)]
    for tweet in (tweets[1], tweets[2], tweets[0]):
        await square.room.service.bookmark(square.people["bob"], tweet)
    read = await square.ask(square.people["bob"], "{ bookmarks { nodes { id viewerBookmarked bookmarkCount } } }")
    assert [node["id"] for node in read["bookmarks"]["nodes"]] == [str(tweets[0]), str(tweets[2]), str(tweets[1])]
    assert {(node["viewerBookmarked"], node["bookmarkCount"]) for node in read["bookmarks"]["nodes"]} == {(True, None)}
    assert (await square.ask(ann, "{ bookmarks { nodes { id } } }"))["bookmarks"]["nodes"] == []
    response = await square.run(None, "{ bookmarks { nodes { id } } }")
    assert response["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


PAGE = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  tweet(id: $id) { replies(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}"""


async def page(square: Square, viewer: int | None, tweet: int, **given: object) -> tuple[list[int], dict]:
    replies = (await square.ask(viewer, PAGE, id=str(tweet), **given))["tweet"]["replies"]
    return [int(edge["node"]["id"]) for edge in replies["edges"]], replies["pageInfo"]


async def test_pages_neither_skip_nor_repeat_while_new_replies_arrive(square: Square) -> None:
    ann = await square.person("ann")
    root = await square.tweet(ann)
    expected = [await square.tweet(ann, f"r{number}", in_reply_to_id=root) for number in range(7)][::-1]
    read: list[int] = []
    info: dict = {"hasNextPage": True, "endCursor": None}
    while info["hasNextPage"]:
        found, info = await page(square, None, root, first=3, after=info["endCursor"])
        await square.tweet(ann, "new", in_reply_to_id=root)
        read += found
    assert read == expected


async def test_pages_can_be_read_from_the_oldest_end(square: Square) -> None:
    ann = await square.person("ann")
    root = await square.tweet(ann)
    expected = [await square.tweet(ann, f"r{number}", in_reply_to_id=root) for number in range(7)][::-1]
    found, info = await page(square, None, root, last=3)
    assert found == expected[-3:]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (False, True)
    found, info = await page(square, None, root, last=10, before=info["startCursor"])
    assert found == expected[:-3]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)


@pytest.mark.parametrize("given", [{"first": 4}, {"last": 4}])
async def test_what_is_hidden_does_not_shorten_a_page(square: Square, given: dict) -> None:
    ann = await square.person("ann", "bob", "eve")
    root = await square.tweet(ann)
    authors = ["bob", "eve", "eve", "eve", "eve", "eve", "eve", "bob", "bob", "eve", "bob", "eve", "eve", "eve", "bob", "bob"]
    made = [(name, await square.tweet(square.people[name], f"r{n}", in_reply_to_id=root)) for n, name in enumerate(authors)][::-1]
    await square.graph.block(ann, square.people["eve"])
    visible = [tweet for name, tweet in made if name == "bob"]
    found, info = await page(square, ann, root, **given)
    assert found == (visible[:4] if "first" in given else visible[-4:])
    more = {"first": 4, "after": info["endCursor"]} if "first" in given else {"last": 4, "before": info["startCursor"]}
    assert info["hasNextPage" if "first" in given else "hasPreviousPage"] is True
    rest, info = await page(square, ann, root, **more)
    assert rest == (visible[4:] if "first" in given else visible[:-4])
    assert info["hasNextPage" if "first" in given else "hasPreviousPage"] is False


@pytest.mark.parametrize(
    "given", [{"first": 0}, {"first": 101}, {"last": -1}, {"first": 1, "last": 1}, {"after": "forged"}, {"before": "=="}]
)
async def test_a_page_outside_its_bounds_or_a_forged_cursor_is_bad_user_input(square: Square, given: dict) -> None:
    ann = await square.person("ann")
    response = await square.run(None, PAGE, id=str(await square.tweet(ann)), **given)
    assert [error["extensions"]["code"] for error in response["errors"]] == ["BAD_USER_INPUT"]


async def test_a_cursor_of_another_list_is_bad_user_input(square: Square) -> None:
    ann = await square.person("ann")
    root, other = await square.tweet(ann), await square.tweet(ann)
    await square.tweet(ann, "r", in_reply_to_id=root)
    _, info = await page(square, None, root)
    response = await square.run(None, PAGE, id=str(other), after=info["endCursor"])
    assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_likers_and_retweeters_are_listed_latest_first(square: Square) -> None:
    ann = await square.person("ann", "bob", "eve")
    tweet = await square.tweet(ann)
    order = [square.people[name] for name in ("eve", "ann", "bob")]
    for user in order:
        await square.room.service.like(user, tweet)
        await square.room.service.retweet(user, tweet)
    document = """query ($id: ID!, $after: String) { tweet(id: $id) {
      likedBy(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } retweetedBy { nodes { id } }
    } }"""
    read = (await square.ask(None, document, id=str(tweet)))["tweet"]
    assert [node["id"] for node in read["likedBy"]["nodes"]] == [str(order[2]), str(order[1])]
    assert [node["id"] for node in read["retweetedBy"]["nodes"]] == [str(user) for user in order[::-1]]
    rest = (await square.ask(None, document, id=str(tweet), after=read["likedBy"]["pageInfo"]["endCursor"]))["tweet"]
    assert [node["id"] for node in rest["likedBy"]["nodes"]] == [str(order[0])]
    assert rest["likedBy"]["pageInfo"]["hasNextPage"] is False


async def test_ancestors_are_the_nearest_hundred_root_first(square: Square) -> None:
    ann = await square.person("ann")
    chain = [await square.tweet(ann, "0")]
    for number in range(1, 104):
        chain.append(await square.tweet(ann, str(number), in_reply_to_id=chain[-1]))
    document = "query ($ids: [ID!]!) { tweets(ids: $ids) { ancestors { id } } }"
    deep, shallow, root = (await square.ask(None, document, ids=[str(chain[-1]), str(chain[2]), str(chain[0])]))["tweets"]
    assert [int(above["id"]) for above in deep["ancestors"]] == chain[-101:-1]
    assert [int(above["id"]) for above in shallow["ancestors"]] == chain[:2]
    assert root["ancestors"] == []


LIST = """query ($of: [_Any!]!) { _entities(representations: $of) { ... on Tweet {
  id text createdAt author { id } likeCount retweetCount replyCount quoteCount bookmarkCount
  viewerLiked viewerRetweeted viewerBookmarked deleted
  entities { mentions { handle start end user { id } } hashtags { tag } links { url } }
  inReplyTo { id author { id } entities { mentions { user { id } } } } quoted { id } ancestors { id }
  replies(first: 2) { nodes { id text } } likedBy(first: 1) { nodes { id } }
} } }"""


async def test_a_list_costs_no_more_calls_for_fifty_tweets_than_for_five(square: Square) -> None:
    names = [f"p{number}" for number in range(50)]
    ann = await square.person("ann", *names)
    made: list[int] = []
    for number, name in enumerate(names):
        more = {"in_reply_to_id": made[number // 2], "quoted_id": made[0]} if made else {}
        made.append(
            await square.tweet(square.people[name], f"{number} @{name} @p{(number + 1) % 50} #x http://a.example.com", **more)
        )
        await square.room.service.like(square.people[name], made[number // 2])
    costs = []
    for size in (5, 50):
        square.forget_calls()
        answer = await square.ask(ann, LIST, of=[{"__typename": "Tweet", "id": str(tweet)} for tweet in made[:size]])
        assert [tweet["id"] for tweet in answer["_entities"]] == [str(tweet) for tweet in made[:size]]
        costs.append(square.store_calls.total() + square.people_calls.total())
    assert costs[1] <= costs[0] <= 10
    for name in names[25:]:
        await square.graph.block(ann, square.people[name])
    square.forget_calls()
    await square.ask(ann, LIST, of=[{"__typename": "Tweet", "id": str(tweet)} for tweet in made])
    # Pages that lost something to a block are filled up together.
    assert square.store_calls.total() + square.people_calls.total() <= 14


async def test_a_plain_list_costs_one_call_for_tweets_one_for_relations_and_one_for_handles(square: Square) -> None:
    ann = await square.person("ann", "bob")
    made = [await square.tweet(square.people["bob"], f"{number} @ann @nobody") for number in range(20)]
    square.forget_calls()
    document = """query ($of: [_Any!]!) { _entities(representations: $of) { ... on Tweet {
      text likeCount viewerLiked entities { mentions { user { id } } }
    } } }"""
    await square.ask(ann, document, of=[{"__typename": "Tweet", "id": str(tweet)} for tweet in made])
    assert dict(square.store_calls) == {"views": 1}
    assert dict(square.people_calls) == {"relations": 1, "ids_of_handles": 1}


async def test_lists_of_many_people_are_loaded_together(square: Square) -> None:
    names = [f"p{number}" for number in range(30)]
    await square.person(*names)
    for name in names:
        await square.tweet(square.people[name], name)
    square.forget_calls()
    document = """query ($of: [_Any!]!) { _entities(representations: $of) { ... on User {
      tweetCount tweets(first: 3) { nodes { text } }
    } } }"""
    answer = await square.ask(
        square.people["p0"], document, of=[{"__typename": "User", "id": str(square.people[name])} for name in names]
    )
    assert [user["tweets"]["nodes"][0]["text"] for user in answer["_entities"]] == names
    assert dict(square.store_calls) == {"entries": 1, "views": 1, "tweet_counts": 1}
