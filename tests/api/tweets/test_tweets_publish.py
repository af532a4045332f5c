"""createTweet and deleteTweet as a client sees them."""

import asyncio
from pathlib import Path

import pytest

from murmur.errors import StartupError
from murmur.events import TweetDeleted, TweetPublished
from tests.support.square import Square, open_square

CREATE = """
mutation ($input: CreateTweetInput!) {
  createTweet(input: $input) {
    tweet { id text createdAt author { id } inReplyTo { id replyCount } quoted { id quoteCount } deleted lang bookmarkCount }
    userErrors { code field message }
  }
}
"""
DELETE = "mutation ($id: ID!) { deleteTweet(id: $id) { tweet { id text deleted likeCount } userErrors { code field } } }"


async def create(square: Square, viewer: int | None, **given: object) -> dict:
    return (await square.ask(viewer, CREATE, input=given))["createTweet"]


def refusal(payload: dict) -> tuple[str, list[str] | None]:
    assert payload["tweet"] is None
    [error] = payload["userErrors"]
    assert error.get("message", "x")
    return error["code"], error["field"]


async def test_a_published_tweet_can_be_read_by_anybody(square: Square) -> None:
    ann = await square.person("ann")
    made = await create(square, ann, text="  hello \r\n world ")
    assert made["userErrors"] == []
    assert made["tweet"]["text"] == "hello \n world"
    assert made["tweet"]["author"] == {"id": str(ann)}
    assert made["tweet"]["bookmarkCount"] == 0
    read = await square.ask(
        None, "query ($id: ID!) { tweet(id: $id) { text deleted bookmarkCount createdAt lang } }", id=made["tweet"]["id"]
    )
    assert read["tweet"] == {
        "text": "hello \n world",
        "deleted": False,
        "bookmarkCount": None,
        "createdAt": made["tweet"]["createdAt"],
        "lang": None,
    }


async def test_publishing_needs_a_signed_in_viewer(square: Square) -> None:
    response = await square.run(None, CREATE, input={"text": "hi"})
    assert [error["extensions"]["code"] for error in response["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "EMPTY"), (" \n ", "EMPTY"), ("x" * 281, "TOO_LONG"), ("x" * 5000, "TOO_LONG"), ("a\ufffeb", "INVALID")],
)
async def test_a_text_that_breaks_the_rules_is_refused(square: Square, text: str, code: str) -> None:
    ann = await square.person("ann")
    assert refusal(await create(square, ann, text=text)) == (code, ["input", "text"])
    assert await square.store.all_tweets(0, 10) == []
    assert await square.events() == []


async def test_replies_and_quotes_are_counted_and_told(square: Square) -> None:
    ann = await square.person("ann", "bob")
    bob = square.people["bob"]
    root = await square.tweet(ann, "root")
    other = await square.tweet(ann, "other")
    await square.events()
    made = await create(square, bob, text="@ann see #this", inReplyTo=str(root), quotes=str(other))
    assert made["tweet"]["inReplyTo"] == {"id": str(root), "replyCount": 1}
    assert made["tweet"]["quoted"] == {"id": str(other), "quoteCount": 1}
    [event] = await square.events()
    assert isinstance(event, TweetPublished)
    assert (event.in_reply_to_id, event.in_reply_to_author_id, event.quoted_id, event.quoted_author_id) == (root, ann, other, ann)
    assert (event.mentions, event.hashtags, event.tweet_id) == (("ann",), ("this",), int(made["tweet"]["id"]))


async def test_an_unknown_or_deleted_target_is_not_found(square: Square) -> None:
    ann = await square.person("ann")
    gone = await square.tweet(ann)
    await square.room.service.delete(ann, gone)
    assert refusal(await create(square, ann, text="x", inReplyTo="12345")) == ("NOT_FOUND", ["input", "inReplyTo"])
    assert refusal(await create(square, ann, text="x", quotes=str(gone))) == ("NOT_FOUND", ["input", "quotes"])


@pytest.mark.parametrize("field", ["inReplyTo", "quotes"])
@pytest.mark.parametrize("by_author", [True, False])
async def test_a_block_in_either_direction_forbids_replies_and_quotes(square: Square, field: str, by_author: bool) -> None:
    ann = await square.person("ann", "bob")
    bob = square.people["bob"]
    root = await square.tweet(ann)
    await (square.graph.block(ann, bob) if by_author else square.graph.block(bob, ann))
    assert refusal(await create(square, bob, text="x", **{field: str(root)})) == ("BLOCKED", ["input", field])


@pytest.mark.parametrize("bad", ["", "abc", "-1", "1.5", "99999999999999999999", "１２"])
async def test_a_malformed_id_is_bad_user_input(square: Square, bad: str) -> None:
    ann = await square.person("ann")
    for response in (
        await square.run(ann, CREATE, input={"text": "x", "inReplyTo": bad}),
        await square.run(ann, DELETE, id=bad),
        await square.run(ann, "mutation ($id: ID!) { like(tweetId: $id) { tweet { id } } }", id=bad),
        await square.run(ann, "query ($id: ID!) { tweet(id: $id) { id } }", id=bad),
    ):
        assert [error["extensions"]["code"] for error in response["errors"]] == ["BAD_USER_INPUT"]


async def test_a_key_stands_for_one_tweet_of_its_author(square: Square) -> None:
    ann = await square.person("ann", "bob")
    first = await create(square, ann, text="hi", idempotencyKey="k")
    assert await create(square, ann, text=" hi ", idempotencyKey="k") == first
    assert refusal(await create(square, ann, text="other", idempotencyKey="k")) == ("CONFLICT", ["input", "idempotencyKey"])
    assert refusal(await create(square, ann, text="hi", quotes=first["tweet"]["id"], idempotencyKey="k"))[0] == "CONFLICT"
    theirs = await create(square, square.people["bob"], text="hi", idempotencyKey="k")
    assert theirs["tweet"]["id"] != first["tweet"]["id"]
    assert len(await square.store.all_tweets(0, 10)) == 2
    assert len(await square.events()) == 2


async def test_a_repeated_key_answers_even_when_what_was_answered_is_gone(square: Square) -> None:
    ann = await square.person("ann")
    root = await square.tweet(ann)
    first = await create(square, ann, text="hi", inReplyTo=str(root), idempotencyKey="k")
    await square.room.service.delete(ann, root)
    again = await create(square, ann, text="hi", inReplyTo=str(root), idempotencyKey="k")
    assert again["tweet"]["id"] == first["tweet"]["id"]


async def test_retries_at_once_with_one_key_publish_one_tweet(square: Square) -> None:
    ann = await square.person("ann")
    made = await asyncio.gather(*(create(square, ann, text="hi", idempotencyKey="k") for _ in range(20)))
    assert len({payload["tweet"]["id"] for payload in made}) == 1
    assert len(await square.store.all_tweets(0, 10)) == 1


@pytest.mark.parametrize("key", ["", "k" * 129, "a\nb"])
async def test_what_is_no_key_is_bad_user_input(square: Square, key: str) -> None:
    ann = await square.person("ann")
    response = await square.run(ann, CREATE, input={"text": "x", "idempotencyKey": key})
    assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await create(square, ann, text="x", idempotencyKey="k" * 128))["userErrors"] == []


async def test_deleting_leaves_a_tombstone_and_may_be_repeated(square: Square) -> None:
    ann = await square.person("ann", "bob")
    root = await square.tweet(ann, "root")
    reply = await square.tweet(square.people["bob"], "reply #tag @ann", in_reply_to_id=root, quoted_id=root)
    await square.room.service.like(ann, reply)
    leaf = await square.tweet(ann, "leaf", in_reply_to_id=reply)
    await square.events()
    for _ in range(2):
        deleted = (await square.ask(square.people["bob"], DELETE, id=str(reply)))["deleteTweet"]
        assert deleted == {"tweet": {"id": str(reply), "text": "", "deleted": True, "likeCount": 0}, "userErrors": []}
    assert [(type(event), event.tweet_id) for event in await square.events()] == [(TweetDeleted, reply)]
    read = await square.ask(
        None,
        """query ($root: ID!, $leaf: ID!) {
          root: tweet(id: $root) { replyCount quoteCount replies { nodes { id deleted } } }
          leaf: tweet(id: $leaf) {
            ancestors { id deleted text }
            inReplyTo {
              deleted text author { id } likeCount replyCount viewerLiked quoted { id } likedBy { nodes { id } }
              entities { mentions { handle } hashtags { tag } links { url } } inReplyTo { id }
            }
          }
        }""",
        root=str(root),
        leaf=str(leaf),
    )
    assert read["root"] == {"replyCount": 0, "quoteCount": 0, "replies": {"nodes": [{"id": str(reply), "deleted": True}]}}
    assert [(above["id"], above["deleted"]) for above in read["leaf"]["ancestors"]] == [(str(root), False), (str(reply), True)]
    assert read["leaf"]["inReplyTo"] == {
        "deleted": True,
        "text": "",
        "author": {"id": str(square.people["bob"])},
        "likeCount": 0,
        "replyCount": 0,
        "viewerLiked": False,
        "quoted": None,
        "likedBy": {"nodes": []},
        "entities": {"mentions": [], "hashtags": [], "links": []},
        "inReplyTo": {"id": str(root)},
    }


async def test_a_deleted_reply_without_replies_leaves_the_thread(square: Square) -> None:
    ann = await square.person("ann")
    root = await square.tweet(ann)
    await square.room.service.delete(ann, await square.tweet(ann, in_reply_to_id=root))
    read = await square.ask(None, "query ($id: ID!) { tweet(id: $id) { replies { nodes { id } } } }", id=str(root))
    assert read["tweet"]["replies"]["nodes"] == []


async def test_only_its_author_deletes_a_tweet(square: Square) -> None:
    ann = await square.person("ann", "bob")
    tweet = await square.tweet(ann)
    assert refusal((await square.ask(square.people["bob"], DELETE, id=str(tweet)))["deleteTweet"]) == ("NOT_YOURS", ["id"])
    assert refusal((await square.ask(ann, DELETE, id="77"))["deleteTweet"]) == ("NOT_FOUND", ["id"])


async def test_prohibited_content_is_refused_with_the_kind_of_rule(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('terms = ["miracle cure"]\nlink_domains = ["bad.example.com"]\n')
    async with open_square(tmp_path, prohibited=rules) as square:
        ann = await square.person("ann")
        for text, word in (("a Mirácle\u00a0CURE!", "term"), ("see https://x.bad.example.com/y", "domain")):
            payload = await create(square, ann, text=text)
            assert refusal(payload) == ("PROHIBITED", ["input", "text"])
            assert word in payload["userErrors"][0]["message"]
        assert (await create(square, ann, text="a miracle, secure"))["userErrors"] == []


async def test_a_malformed_rules_file_stops_the_start(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('terms = "not a list"\n')
    with pytest.raises(StartupError, match="terms is not a list of strings"):
        async with open_square(tmp_path, prohibited=rules):
            raise AssertionError("it started")
