"""The demo community: the same at the same moment, plausible, and made of rows that an archive may have."""

from collections import Counter

from murmur.archive.demo import ACCOUNT, demo_rows
from murmur.archive.rows import FollowRow, LikeRow, RetweetRow, TweetRow, UserRow, decode_row, encode_row, row_id, row_time
from murmur.ids import id_time
from murmur.text import is_handle, read_text

_NOW = 1_770_000_000_000


def test_the_same_moment_gives_the_same_rows() -> None:
    assert list(demo_rows(_NOW)) == list(demo_rows(_NOW))


def test_every_row_names_only_what_came_before_it() -> None:
    people, tweets = {ACCOUNT[0]}, set[str]()
    for row in demo_rows(_NOW):
        match row:
            case UserRow():
                assert is_handle(row.handle) and row.handle not in people
                people.add(row.handle)
            case FollowRow():
                assert row.follower != row.followee and {row.follower, row.followee} <= people
            case TweetRow():
                assert row.author in people and row.id is not None and row.id not in tweets
                assert {row.in_reply_to, row.quotes} - {None} <= tweets
                tweets.add(row.id)
            case RetweetRow() | LikeRow():
                assert row.user in people and row.tweet in tweets
            case _:
                raise AssertionError(row)


def test_nothing_of_it_lies_in_the_future_and_texts_are_tweets() -> None:
    for row in demo_rows(_NOW):
        assert decode_row(encode_row(row)) == row
        at = row_time(row.created_at)
        assert at is not None and at < _NOW
        if isinstance(row, TweetRow):
            assert read_text(row.text).value == row.text
            snowflake = row_id(row.id, "id")
            assert snowflake is not None and id_time(snowflake) == at


def test_followers_follow_a_power_law() -> None:
    followers = Counter(row.followee for row in demo_rows(_NOW) if isinstance(row, FollowRow))
    counts = sorted(followers.values(), reverse=True)
    assert counts[0] > 3 * counts[len(counts) // 2]
