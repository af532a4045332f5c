"""The collections of the MongoDB adapter, and by what they are sharded.

    notifications    all that a person has                        by r, the recipient
    notified         who has notices about a tweet                by t, the tweet

Whatever one verb changes of a recipient is in one collection with one value of its shard key, thus on one shard, which commits
it by itself (docs/decisions/0016-notifications-on-mongodb.md). The documents of `notifications`:

    person    _id r             last, read   positions; muted   kinds; turn   rises with each change, so that two at once meet;
                                gone         groups that are no more, whose notices are still to be removed;
                                groups       at most how many there are, where that is known; let   the position of the
                                             newest group that was let go because there were more than are kept
    group     _id {r, g}        k, t   kind and tweet; at   its newest position; n   how many notices; a   their newest actors
    notice    _id {r, k, t, a}  g   its group; p   its position

`t` is 0 where there is no tweet. A document of `notified` has _id {t, r}. It is written before the notice and removed after it,
so it may say too much and never too little.
"""

from collections.abc import Mapping
from typing import Literal

from murmur.mongodb import Document, Index, Sharded

VERSION = 1

_PEOPLE, _GROUPS, _NOTICES = ({"partialFilterExpression": {name: {"$exists": True}}} for name in ("last", "at", "p"))
BY_GROUP = Index(("r", "t", "k", "-at"), _GROUPS)
COLLECTIONS = (
    Sharded(
        "notifications",
        "r",
        (
            Index(("r",), _PEOPLE),
            Index(("r", "-at"), _GROUPS),
            BY_GROUP,
            Index(("r", "p"), _NOTICES),
            Index(("r", "g", "-p"), _NOTICES),
            Index(("r", "_id.a", "p"), _NOTICES),
        ),
    ),
    Sharded("notified", "t", (Index(("t", "r")),)),
)

Scatter = Literal["recipients_after", "notices_after"]
SCATTERS: Mapping[Scatter, str] = {
    "recipients_after": "copies and audits read everybody in the order of ids",
    "notices_after": "copies and audits read every notice in the order of recipients",
}
"""The only queries that ask every shard, and why. Each carries its name as the command's comment."""


def person_key(recipient_id: int) -> Document:
    return {"_id": recipient_id, "r": recipient_id}


def group_id(recipient_id: int, group: int) -> Document:
    return {"r": recipient_id, "g": group}


def notice_id(recipient_id: int, kind: str, tweet_id: int | None, actor_id: int) -> Document:
    return {"r": recipient_id, "k": kind, "t": tweet_id or 0, "a": actor_id}
