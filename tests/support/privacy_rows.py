"""Every field of the API that could show a tweet, a person or a number of them, and what it may show of whom.

A field that is in no row, and in neither of the other two tables, fails `test_privacy_matrix.py`: whoever adds one says here
how it treats blocks, mutes and deletion. The rules in words are in docs/privacy.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Shown = Literal["tweet", "tombstone", "person"]
NOTHING: frozenset[Shown] = frozenset()

PERSON = "{ __typename id handle }"
TWEET = "{ __typename id text deleted author { id } }"
ENTRY = f"{{ tweet {TWEET} retweetedBy {PERSON} }}"
NOTIFICATION = f"{{ kind actors {PERSON} tweet {TWEET} }}"
RESULT = f"{{ ... on Tweet {TWEET} ... on User {PERSON} }}"


@dataclass(frozen=True, slots=True)
class Row:
    """What is asked by somebody (`me`) of whom or what belongs to somebody else (`them`), and a third person's.

    In `ask` words such as THEM stand for ids and handles; a list is asked as `PAGE(...)` with what its nodes show.
    `shown` is what of theirs comes where nothing stands between the two, `blocked` where a block does, whoever of them
    blocked, and `deleted` once they have deleted their tweets. `muted` says whether a mute hides everything from who muted.
    `strangers`: the two do not follow each other. `writes`: it is a mutation.
    """

    fields: tuple[str, ...]
    ask: str
    shown: frozenset[Shown] = frozenset({"tweet"})
    blocked: frozenset[Shown] = NOTHING
    deleted: frozenset[Shown] = NOTHING
    muted: bool = False
    strangers: bool = False
    writes: bool = False


_TWEET: frozenset[Shown] = frozenset({"tweet"})
_TOMBSTONE: frozenset[Shown] = frozenset({"tombstone"})
_PERSON: frozenset[Shown] = frozenset({"person"})
_BOTH = _TWEET | _PERSON

ROWS: tuple[Row, ...] = (
    # By name: a profile can be looked up, so that a block can be lifted, and who is blocked can know it.
    Row(("Query.user",), f'{{ user(id: "THEM") {PERSON} }}', _PERSON, blocked=_PERSON, deleted=_PERSON),
    Row(("Query.user",), f'{{ user(handle: "HANDLE") {PERSON} }}', _PERSON, blocked=_PERSON, deleted=_PERSON),
    Row(("Query.users",), f'{{ users(ids: ["THEM"]) {PERSON} }}', _PERSON, blocked=_PERSON, deleted=_PERSON),
    Row(
        ("Tweet.entities", "TweetEntities.mentions", "Mention.user"),
        f'{{ tweet(id: "MENTIONING") {{ entities {{ mentions {{ user {PERSON} }} }} }} }}',
        _PERSON,
        blocked=_PERSON,
        deleted=_PERSON,
    ),
    Row(("Query.suggestions",), f"{{ suggestions(first: 100) {PERSON} }}", _PERSON, deleted=_PERSON, muted=True, strangers=True),
    # Tweets by their ids, and what hangs on them.
    Row(("Query.tweet", "Tweet.author"), f'{{ tweet(id: "THEIRS") {TWEET} }}', deleted=_TOMBSTONE),
    Row(("Query.tweets",), f'{{ tweets(ids: ["THEIRS", "THEIR_ANSWER"]) {TWEET} }}', deleted=_TOMBSTONE),
    Row(("Tweet.inReplyTo",), f'{{ tweet(id: "ANSWER") {{ inReplyTo {TWEET} }} }}', deleted=_TOMBSTONE),
    Row(("Tweet.inReplyTo",), f'{{ tweet(id: "MY_ANSWER") {{ inReplyTo {TWEET} }} }}', deleted=_TOMBSTONE),
    Row(("Tweet.quoted",), f'{{ tweet(id: "QUOTE") {{ quoted {TWEET} }} }}', deleted=_TOMBSTONE),
    Row(("Tweet.quoted",), f'{{ tweet(id: "MY_QUOTE") {{ quoted {TWEET} }} }}', deleted=_TOMBSTONE),
    Row(("Tweet.ancestors",), f'{{ tweet(id: "ANSWER") {{ ancestors {TWEET} }} }}', deleted=_TOMBSTONE),
    Row(("Tweet.ancestors",), f'{{ tweet(id: "MY_ANSWER") {{ ancestors {TWEET} }} }}', deleted=_TOMBSTONE),
    Row(("Tweet.replies",), f'{{ tweet(id: "THIRD") {{ PAGE(replies, {TWEET}) }} }}'),
    Row(("Tweet.replies",), f'{{ tweet(id: "MINE") {{ PAGE(replies, {TWEET}) }} }}'),
    Row(("Tweet.likedBy",), f'{{ tweet(id: "THIRD") {{ PAGE(likedBy, {PERSON}) }} }}', _PERSON, deleted=_PERSON),
    Row(("Tweet.likedBy",), f'{{ tweet(id: "MINE") {{ PAGE(likedBy, {PERSON}) }} }}', _PERSON, deleted=_PERSON),
    Row(("Tweet.retweetedBy",), f'{{ tweet(id: "THIRD") {{ PAGE(retweetedBy, {PERSON}) }} }}', _PERSON, deleted=_PERSON),
    Row(("Tweet.retweetedBy",), f'{{ tweet(id: "MINE") {{ PAGE(retweetedBy, {PERSON}) }} }}', _PERSON, deleted=_PERSON),
    # Lists of people: their own, mine, and a third person's.
    Row(("User.tweets",), f'{{ user(id: "THEM") {{ PAGE(tweets, {TWEET}) }} }}'),
    Row(("User.replies",), f'{{ user(id: "THEM") {{ PAGE(replies, {TWEET}) }} }}'),
    Row(("User.likes",), f'{{ user(id: "THIRD_PERSON") {{ PAGE(likes, {TWEET}) }} }}'),
    Row(("User.likes",), f"{{ me {{ PAGE(likes, {TWEET}) }} }}"),
    Row(
        ("User.timeline", "TimelineEntry.tweet"), f'{{ user(id: "THEM") {{ PAGE(timeline, {ENTRY}) }} }}', _BOTH, deleted=_PERSON
    ),
    Row(("User.timeline",), f'{{ user(id: "THIRD_PERSON") {{ PAGE(timeline, {ENTRY}) }} }}'),
    Row(("User.timeline",), f"{{ me {{ PAGE(timeline, {ENTRY}) }} }}"),
    Row(("User.followers",), f'{{ user(id: "THIRD_PERSON") {{ PAGE(followers, {PERSON}) }} }}', _PERSON, deleted=_PERSON),
    Row(("User.followers",), f"{{ me {{ PAGE(followers, {PERSON}) }} }}", _PERSON, deleted=_PERSON),
    Row(("User.following",), f'{{ user(id: "THIRD_PERSON") {{ PAGE(following, {PERSON}) }} }}', _PERSON, deleted=_PERSON),
    Row(("User.following",), f"{{ me {{ PAGE(following, {PERSON}) }} }}", _PERSON, deleted=_PERSON),
    Row(("Query.bookmarks",), f"{{ PAGE(bookmarks, {TWEET}) }}"),
    Row(
        ("Query.homeTimeline", "TimelineEntry.tweet", "TimelineEntry.retweetedBy"),
        f"{{ PAGE(homeTimeline, {ENTRY}) }}",
        _BOTH,
        deleted=_PERSON,
        muted=True,
    ),
    # Search.
    Row(("Query.search",), f'{{ PAGE(search, {RESULT}, query: "MARKER") }}'),
    Row(("Query.search",), f'{{ PAGE(search, {RESULT}, query: "from:HANDLE", order: LATEST) }}'),
    Row(("Query.search",), f'{{ PAGE(search, {RESULT}, query: "HANDLE", type: USERS) }}', _PERSON, deleted=_PERSON),
    Row(("Query.search",), f'{{ PAGE(search, {RESULT}, query: "HANDLE", type: ALL) }}', _PERSON, deleted=_PERSON),
    Row(("Query.search",), f'{{ PAGE(search, {RESULT}, query: "HANDLE", type: ALL, order: LATEST) }}', _PERSON, deleted=_PERSON),
    Row(("Query.hashtag", "Hashtag.timeline"), f'{{ hashtag(tag: "square") {{ PAGE(timeline, {TWEET}) }} }}'),
    Row(
        ("TweetEntities.hashtags", "HashtagUse.hashtag"),
        f'{{ tweet(id: "THIRD") {{ entities {{ hashtags {{ hashtag {{ timeline {{ nodes {TWEET} }} }} }} }} }} }}',
    ),
    # Notifications.
    Row(
        ("Query.notifications", "Notification.actors", "Notification.tweet"),
        f"{{ PAGE(notifications, {NOTIFICATION}) }}",
        _BOTH,
        deleted=_PERSON,
        muted=True,
    ),
    # What a mutation answers. Who liked a tweet before a block came may take that back, and is answered with a tombstone.
    Row(
        ("Mutation.createTweet", "TweetPayload.tweet"),
        f'mutation {{ createTweet(input: {{text: "again", quotes: "THEIRS"}}) {{ tweet {{ quoted {TWEET} }} }} }}',
        writes=True,
    ),
    Row(
        ("Mutation.createTweet", "TweetPayload.tweet"),
        f'mutation {{ createTweet(input: {{text: "again", inReplyTo: "THEIRS"}}) {{ tweet {{ ancestors {TWEET} }} }} }}',
        writes=True,
    ),
    *(
        Row(
            (f"Mutation.{verb}", "TweetPayload.tweet"),
            f'mutation {{ {verb}(tweetId: "SPARE") {{ tweet {TWEET} }} }}',
            blocked=after,
            deleted=_TOMBSTONE & after,
            writes=True,
        )
        for verb, after in (
            ("like", NOTHING),
            ("retweet", NOTHING),
            ("bookmark", NOTHING),
            ("unlike", _TOMBSTONE),
            ("undoRetweet", _TOMBSTONE),
            ("unbookmark", _TOMBSTONE),
        )
    ),
)

COUNTS: Mapping[str, str] = {
    "User.tweetCount": '{ user(id: "THEM") { tweetCount } }',
    "User.followerCount": '{ user(id: "THIRD_PERSON") { followerCount } }',
    "User.followingCount": '{ user(id: "THIRD_PERSON") { followingCount } }',
    "Tweet.likeCount": '{ tweet(id: "THIRD") { likeCount } }',
    "Tweet.retweetCount": '{ tweet(id: "THIRD") { retweetCount } }',
    "Tweet.replyCount": '{ tweet(id: "THIRD") { replyCount } }',
    "Tweet.quoteCount": '{ tweet(id: "THIRD") { quoteCount } }',
    "Query.trends": "{ trends(window: HOUR, first: 100) { hashtag { tag } } }",
    "Trend.hashtag": "{ trends(window: HOUR, first: 100) { hashtag { tag } } }",
    "Trend.rank": "{ trends(window: HOUR, first: 100) { rank } }",
    "Trend.tweetCount": "{ trends(window: HOUR, first: 100) { tweetCount } }",
}
"""Numbers that are the same for everybody: they tell how many, never who, and what is deleted does not count."""

_ENGAGEMENT = ("impressions", "engagements", "likes", "unlikes", "retweets", "undoneRetweets", "replies", "quotes")
_PROFILE = ("profileVisits", "followersGained", "followersLost", "followersNet")
_PLATFORM = ("posts", "activePeople", "requests", "failures")
ELSEWHERE: Mapping[str, str] = {
    "Subscription.notificationReceived": "a test of its own",
    "Subscription.homeTimelineUpdated": "a test of its own",
    "Subscription.tweetUpdated": "a test of its own",
    "Subscription.unreadCountChanged": "a test of its own",
    "TimelineUpdate.newest": "with homeTimelineUpdated",
    "TimelineUpdate.newCount": "with homeTimelineUpdated",
    "Query.unreadNotificationCount": "counts what notifications shows",
    "Notification.actorCount": "counts whom notifications may show",
    "MarkNotificationsReadPayload.unreadCount": "as unreadNotificationCount",
    "Mutation.markNotificationsRead": "as unreadNotificationCount",
    "Query.me": "the viewer alone",
    "Tweet.bookmarkCount": "told to the author alone",
    "SessionPayload.user": "the viewer alone",
    "Mutation.signUp": "the viewer alone",
    "Mutation.signIn": "the viewer alone",
    "Mutation.refreshSession": "the viewer alone",
    "Mutation.changePassword": "the viewer alone",
    "Mutation.updateProfile": "the viewer alone",
    "Mutation.deleteTweet": "the viewer's own tweet alone",
    "UserPayload.user": "whom the viewer named, as user does",
    "Mutation.follow": "whom the viewer named, as user does",
    "Mutation.unfollow": "whom the viewer named, as user does",
    "Mutation.block": "whom the viewer named, as user does",
    "Mutation.unblock": "whom the viewer named, as user does",
    "Mutation.mute": "whom the viewer named, as user does",
    "Mutation.unmute": "whom the viewer named, as user does",
    "Mention.start": "a place in a text that is shown",
    "Mention.end": "a place in a text that is shown",
    "HashtagUse.start": "a place in a text that is shown",
    "HashtagUse.end": "a place in a text that is shown",
    "TweetEntities.links": "what a text that is shown links to",
    "Link.start": "a place in a text that is shown",
    "Link.end": "a place in a text that is shown",
    "Mutation.recordImpressions": "answers how much was sent",
    "RecordImpressionsPayload.accepted": "how much was sent",
    "User.analytics": "the viewer alone",
    "Tweet.analytics": "told to the author alone",
    "Query.platformMetrics": "told to admins alone, and of nobody in particular",
    "PlatformMetrics.buckets": "with platformMetrics",
    **dict.fromkeys((f"PlatformActivity.{name}" for name in _PLATFORM), "with platformMetrics"),
    **dict.fromkeys(
        (f"{type_}Analytics.{name}" for type_ in ("User", "Tweet") for name in ("total", "buckets")), "with analytics"
    ),
    **dict.fromkeys((f"{type_}Activity.{name}" for type_ in ("User", "Tweet") for name in _ENGAGEMENT), "with analytics"),
    **dict.fromkeys((f"UserActivity.{name}" for name in _PROFILE), "with analytics"),
}
"""Fields that no row asks, each with the reason."""
