"""The consumer groups that every deployment has, and the topics that each reads.

The invalidator is none of them: without a shared cache it has nothing to do, and nothing waits for it.
"""

from collections.abc import Mapping, Sequence

from murmur.events import Topic

GROUPS: Mapping[str, Sequence[Topic]] = {
    "fanout": ("murmur.graph", "murmur.tweets"),
    "notifier": ("murmur.graph", "murmur.tweets"),
    "live": ("murmur.tweets",),
    "indexer": ("murmur.tweets", "murmur.users"),
    "trends": ("murmur.tweets",),
    "analytics": ("murmur.graph", "murmur.tweets", "murmur.analytics"),
}
