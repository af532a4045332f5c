"""The collection of the MongoDB adapter, sharded by `o`: all that is counted of an owner is on one shard, which commits it by
itself. Its documents:

    mark      _id {o, t, k, h, b}    the mark's name: owner, tweet (0 for none), kind, hour, by; n its amount;
                                     p when it came, as long as it is not in the counts; x when it may be forgotten
    counts    _id {o, t, d}          of an owner or a tweet in a day: h counts by the number of the hour and the kind, and
                                     hd = d, until the day is summed up; n counts by kind. d is BEFORE for what is older
    batch     _id {o, name}          at when its viewer, o, sent it first; x when it may be forgotten

Marks are counted in two steps, for the sake of speed. `add` inserts them, all of a batch in one command: what is there already
is refused by its key. They go into the counts later, many of an owner in one transaction, which takes `p` off them. So each is
in the counts or still has its `p`, and never both; who reads adds up the counts and the marks with a `p`, as of one moment.
"""

from collections.abc import Mapping
from typing import Literal

from murmur.mongodb import Document, Index, Sharded
from subgraphs.analytics.model import DAY_MS, HOUR_MS, Batch, Mark

VERSION = 1
_PENDING, _COUNTS, _HOURS, _EXPIRING = ({"partialFilterExpression": {name: {"$exists": True}}} for name in ("p", "d", "hd", "x"))
COLLECTIONS = (
    Sharded(
        "analytics",
        "o",
        (
            Index(("o", "p"), _PENDING),
            Index(("p",), _PENDING),
            Index(("o", "t", "d"), _COUNTS),
            Index(("d",), _COUNTS),
            Index(("hd",), _HOURS),
            Index(("x",), _EXPIRING),
        ),
    ),
)

Scatter = Literal["settle", "sum_up_hours", "sum_up_days", "forget", "days_after"]
SCATTERS: Mapping[Scatter, str] = {
    "settle": "tidying looks for owners with marks that wait to be counted",
    "sum_up_hours": "tidying looks for days that are not kept by the hour any more",
    "sum_up_days": "tidying looks for days that are not kept apart any more",
    "days_after": "copies read everything in the order of owners",
    "forget": "tidying looks for names of marks and batches that may be forgotten",
}
"""The only queries that ask every shard, and why: each reads a part of an index. It carries its name as the command's comment."""


def mark_id(mark: Mark) -> Document:
    return {"o": mark.owner_id, "t": mark.tweet_id, "k": mark.kind.value, "h": mark.hour, "b": mark.by}


def batch_id(batch: Batch) -> Document:
    return {"o": batch.viewer_id, "name": batch.name}


def counts_id(owner_id: int, tweet_id: int, day: int) -> Document:
    return {"o": owner_id, "t": tweet_id, "d": day}


def hour_path(hour: int, kind: str) -> str:
    """Where the counts of a day have those of an hour."""
    return f"h.{hour % DAY_MS // HOUR_MS}.{kind}"


def day_path(kind: str) -> str:
    return f"n.{kind}"
