"""Which timelines one call of the script may touch, and the calls for many of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count, islice

from murmur.redis import Command, Redis, Script
from murmur.redis.cluster import SLOTS, slot_of

BUCKETS = 128
"""Timelines lie in so many hash slots: enough for as many masters, and few enough for calls of many timelines."""

# In one call, for which the server does nothing else: about a millisecond. A timeline is as much work as so many entries.
_MOST_WORK, _TIMELINE_WORK = 3_000, 5
_MIX, _SHIFT, _MASK = 0x9E3779B97F4A7C15, 57, BUCKETS - 1


def bucket_of(user_id: int) -> int:
    # Multiplied, as the low bits of ids are nearly always the same.
    return user_id * _MIX >> _SHIFT & _MASK


def tags() -> Sequence[bytes]:
    """For each bucket a tag, so that the buckets' slots lie evenly, and masters with as many slots have as many buckets."""
    found: dict[int, bytes] = {}
    for number in count():
        tag = b"%d" % number
        found.setdefault(slot_of(tag) * BUCKETS // SLOTS, tag)
        if len(found) == BUCKETS:
            break
    return [found[bucket] for bucket in range(BUCKETS)]


class Keys:
    """The keys of timelines. Those that one call of a script may touch are a group: in a cluster a slot's, on a server all."""

    def __init__(self, redis: Redis) -> None:
        self.stems = [b"%s:{%s}:home:" % (redis.prefix, tag) for tag in tags()]
        """Of each bucket what its keys begin with; the rest is the reader's id."""
        self.groups = BUCKETS if redis.clustered else 1

    def of(self, user_id: int) -> bytes:
        return self.stems[bucket_of(user_id)] + b"%d" % user_id


class Calls:
    """What a verb does to many timelines, in as few calls of the script as can be.

    Everything for one timeline is done together, so that many entries cost little more than one. This is gone through for every
    entry that is delivered, so there is no call for each.
    """

    def __init__(self, keys: Keys, script: Script, verb: bytes) -> None:
        self._keys = keys
        self._script = script
        self._verb = verb
        self._items: defaultdict[int, list[bytes]] = defaultdict(list)

    def add(self, user_ids: Iterable[int], item: bytes) -> None:
        """An argument of the verb for each of these timelines."""
        items = self._items
        for user_id in user_ids:
            items[user_id].append(item)

    def commands(self) -> Sequence[Command]:
        filling = [_Call(self._script, self._verb) for _ in range(self._keys.groups)]
        full: list[_Call] = []
        stems, one_group = self._keys.stems, len(filling) == 1
        for user_id, items in self._items.items():
            bucket = bucket_of(user_id)
            call = filling[0 if one_group else bucket]
            call.keys.append(stems[bucket] + b"%d" % user_id)
            if items == call.last:
                call.lengths[-1] += 1
            else:
                call.last = items
                call.lengths.append(1)
                call.runs.append(items)
            call.work += len(items) + _TIMELINE_WORK
            if call.work >= _MOST_WORK:
                full.append(call)
                filling[0 if one_group else bucket] = _Call(self._script, self._verb)
        return [call.command() for call in (*full, *filling) if call.keys]


class _Call:
    """One call: its timelines, in runs of those with the same items."""

    __slots__ = ("_script", "_verb", "keys", "last", "lengths", "runs", "work")

    def __init__(self, script: Script, verb: bytes) -> None:
        self._script = script
        self._verb = verb
        self.keys: list[bytes] = []
        self.lengths: list[int] = []
        self.runs: list[list[bytes]] = []
        self.last: list[bytes] = []
        self.work = 0

    def command(self) -> Command:
        words: list[bytes | int] = [self._verb]
        for length, items in zip(self.lengths, self.runs, strict=True):
            words += (length, len(items))
            words += items
        return self._script.command(self.keys, *words, apart=self._apart if len(self.keys) > 1 else None)

    def _apart(self) -> Sequence[Command]:
        keys = iter(self.keys)
        return [
            self._script.command((key,), self._verb, 1, len(items), *items)
            for length, items in zip(self.lengths, self.runs, strict=True)
            for key in islice(keys, length)
        ]
