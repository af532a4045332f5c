"""Events on the wire."""

import pytest

from murmur.errors import Unreadable
from murmur.events import (
    TOPICS,
    Blocked,
    Followed,
    Liked,
    ProfileUpdated,
    Retweeted,
    RetweetUndone,
    TweetDeleted,
    TweetPublished,
    Unfollowed,
    UserSignedUp,
    decode_event,
    encode_event,
    route,
)

PUBLISHED = TweetPublished(
    id=1, at=2, tweet_id=2**63 - 1, author_id=4, text="ü\n😀", in_reply_to_id=5, mentions=("Ann",), hashtags=("tag",)
)
RETWEETED = Retweeted(id=1, at=2, retweet_id=9, tweet_id=7, author_id=3, user_id=4)
UNDONE = RetweetUndone(id=1, at=2, retweet_id=9, tweet_id=7, user_id=4)


@pytest.mark.parametrize("event", [PUBLISHED, RETWEETED, UNDONE, ProfileUpdated(id=1, at=2, user_id=3, name="Ann", bio=None)])
def test_an_event_is_read_back(event):
    assert decode_event(encode_event(event)) == event


def test_the_form_of_a_released_version_does_not_change():
    event = Followed(id=1, at=2, follower_id=3, followee_id=4)
    assert encode_event(event) == b'{"type":"followed.v1","id":1,"at":2,"follower_id":3,"followee_id":4}'


def test_fields_that_a_later_release_adds_are_passed_over():
    assert decode_event(b'{"type":"followed.v1","id":1,"at":2,"follower_id":3,"followee_id":4,"since":5}').follower_id == 3


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"type":"followed.v2","id":1,"at":2}',
        b'{"type":"followed.v1","id":1}',
        b'{"type":"followed.v1","id":"1","at":2,"follower_id":3,"followee_id":4}',
        b"[" * 100_000,
    ],
)
def test_bytes_that_are_no_event_are_unreadable(payload: bytes):
    with pytest.raises(Unreadable):
        decode_event(payload)


def test_every_event_goes_to_a_topic_keyed_by_what_orders_it():
    assert route(UserSignedUp(id=1, at=2, user_id=3, handle="a", name="A")) == ("murmur.users", 3)
    follow = {"id": 1, "at": 2, "follower_id": 3, "followee_id": 4}
    assert route(Followed(**follow)) == route(Unfollowed(**follow)) == ("murmur.graph", 3)
    assert route(Blocked(id=1, at=2, blocker_id=5, blocked_id=6)) == ("murmur.graph", 5)
    assert route(RETWEETED) == route(UNDONE) == route(TweetDeleted(id=1, at=2, tweet_id=7, author_id=3)) == ("murmur.tweets", 7)
    assert route(Liked(id=1, at=2, tweet_id=7, author_id=3, user_id=4)) == ("murmur.tweets", 7)
    assert set(TOPICS) == {"murmur.users", "murmur.graph", "murmur.tweets", "murmur.analytics"}
