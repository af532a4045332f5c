"""The collections of the MongoDB adapter: what a document of each holds, by what it is sharded, and how sure each verb is.

    tweets    a tweet, its counts, and the newest edges to it             sharded by _id
    edges     older edges of a tweet, one a document                      by t, the tweet
    authors   how many tweets a person has, and the newest of them        by _id, the person
    posts     a person's older tweets, and retweets, one a document       by u, the person
    marks     a person's likes and bookmarks, one a document              by u
    keys      which tweet an idempotency key stands for                   by a, the author
    ids       ids of likes, retweets and bookmarks that are in use        by _id
    outbox    events that a tweet has no more room for                    by t

docs/decisions/0015-mongodb-ledgers.md tells why. A document of `tweets`:

    _id, author_id, created_at, text, entities, in_reply_to_id, quoted_id, lang
    path          the nearest `PATH` tweets above a reply, root first
    deleted       True for a tombstone; absent otherwise
    likes, retweets, bookmarks, replies, quotes   counts; absent is 0
    recent, settled, floor      its ledger (ledger.py)
    outbox        what was decided here and not told yet, in its order (outbox.py):
                  {id, at, v, …, e}: v is the verb, e the encoded event if there is one
    due           the time of the oldest in ms; absent when there is none
    parts         names of documents of the collection `outbox` with what is older than that

A document of `edges` and `posts` that came from a ledger has _id {o: owner, k: kind, i: id}. In all of `edges`, `posts` and
`marks`: k is the kind, i the id, u a person, t the tweet, a its author, `live` True until it is taken back. What was taken
back is kept for a week, so that nothing that is late brings it to life again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from murmur.mongodb import Concern, Document, Index, Sharded

VERSION = 1
KEY_SECONDS = 24 * 60 * 60
DEAD_SECONDS = 7 * KEY_SECONDS
PATH = 32

_EXPIRES = Index(("expires",), {"expireAfterSeconds": 0})
COLLECTIONS = (
    Sharded("tweets", "_id", (Index(("due",), {"sparse": True}),)),
    Sharded("edges", "t", (Index(("t", "k", "-i")), Index(("t", "u")), _EXPIRES)),
    Sharded("authors", "_id"),
    Sharded("posts", "u", (Index(("u", "-i")), Index(("u", "k", "-i")), Index(("k", "i")), _EXPIRES)),
    Sharded("marks", "u", (Index(("u", "k", "-i")), Index(("k", "i")), _EXPIRES)),
    Sharded("keys", "a", (Index(("at",), {"expireAfterSeconds": KEY_SECONDS}),)),
    Sharded("ids", "_id"),
    Sharded("outbox", "t"),
)

Scatter = Literal["all_tweets", "all_edges", "keys_after", "pending"]
SCATTERS: Mapping[Scatter, str] = {
    "all_tweets": "exports read every tweet in the order of ids",
    "all_edges": "exports read every edge in the order of ids",
    "keys_after": "copies read every idempotency key in the order of its author",
    "pending": "the relay, one at a time, looks for tweets with events by a sparse index",
}
"""The only queries that ask every shard, and why. Each carries its name as the command's comment."""

_SURE = Concern()
_QUICK = Concern(read="local", write=1)
_PEEK = Concern(read="local")
Verb = Literal["read", "publish", "engage", "import", "copy", "ledger", "follow up", "claim", "relay", "wait"]
CONCERNS: Mapping[Verb, Concern] = {
    "read": _SURE,
    "publish": _SURE,
    "engage": _SURE,
    "import": _SURE,
    "copy": _SURE,
    "ledger": _SURE,
    "follow up": _SURE,
    "relay": _SURE,
    # It keeps two edges from one id. One that a failover takes back matters only when an import brings that very id.
    "claim": _QUICK,
    # Whether there is anything to relay: what is seen too early is looked at again.
    "wait": _PEEK,
}
"""The read and the write concern of all that a verb asks. Reads are the primary's, so that people read what they wrote."""


@dataclass(frozen=True, slots=True)
class Collections:
    """The collections as one verb uses them."""

    tweets: AsyncCollection[Document]
    edges: AsyncCollection[Document]
    authors: AsyncCollection[Document]
    posts: AsyncCollection[Document]
    marks: AsyncCollection[Document]
    keys: AsyncCollection[Document]
    ids: AsyncCollection[Document]
    outbox: AsyncCollection[Document]


def collections_for(verb: Verb, database: AsyncDatabase[Document]) -> Collections:
    concerned = CONCERNS[verb].of(database)
    return Collections(**{one.name: concerned[one.name] for one in COLLECTIONS})
