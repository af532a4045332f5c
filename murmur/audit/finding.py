"""What an audit has to say, and how it tells a disagreement from traffic."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Check = Literal[
    "follower count",
    "following count",
    "follow across a block",
    "edge without a person",
    "like count",
    "retweet count",
    "reply count",
    "quote count",
    "bookmark count",
    "tweet count",
    "tweet without an author",
    "reply to nothing",
    "missing in a timeline",
    "doubled in a timeline",
    "strange in a timeline",
    "doubled notification",
    "notification across a block",
    "notification count",
    "notification of a tweet that is gone",
    "notification of nothing",
    "notification out of place",
    "notification without a person",
    "unread count",
    "missing in the search index",
    "strange in the search index",
    "likes in analytics",
    "retweets in analytics",
    "followers in analytics",
    "trend count",
    "dead letter",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that disagrees. Two findings are the same when they are about the same thing by the same difference."""

    check: Check
    subject: str
    """What it is about, such as `user 12` or `tweet 34`."""
    by: int = 0
    """How much too high a count is."""
    told: str = field(default="", compare=False)
    """In words, for an operator."""


async def steady(audit: Callable[[], AsyncIterator[Finding]]) -> list[Finding]:
    """The findings of an audit beside live traffic: what a second pass finds again by the same difference.

    The two sides of a comparison are read one after the other, so a write in between looks like a disagreement once.
    """
    first = {finding async for finding in audit()}
    if not first:
        return []
    return [finding async for finding in audit() if finding in first]


def differing(check: Check, subject: str, counts: Mapping[int, int], edges: Mapping[int, int]) -> list[Finding]:
    """The counts that do not equal the edges, which are absent where there are none."""
    found: list[Finding] = []
    for id_, count in counts.items():
        due = edges.get(id_, 0)
        if count != due:
            found.append(Finding(check, f"{subject} {id_}", by=count - due, told=f"the count is {count}, the edges are {due}"))
    return found
