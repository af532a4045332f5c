"""Which timelines one call of the script may touch, and the calls for many of them."""

from collections.abc import Iterable, Sequence
from itertools import count, groupby

from murmur.redis import Command, Redis, Script
from murmur.redis.cluster import SLOTS, slot_of

BUCKETS = 128
"""Timelines lie in so many hash slots: enough for as many masters, and few enough for calls of many timelines."""

# Timelines in one call, for which the server does nothing else: about a millisecond.
_MOST = 512
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
        self._stems = [b"%s:{%s}:home:" % (redis.prefix, tag) for tag in tags()]
        self.groups = BUCKETS if redis.clustered else 1

    def of(self, user_id: int) -> bytes:
        return self._stems[bucket_of(user_id)] + b"%d" % user_id

    def collect(self, user_ids: Iterable[int], groups: Sequence["Group"], mark: int) -> None:
        """Add timelines to their groups, each with a mark."""
        # This is done for every entry that is delivered: what is short here is `of` and `bucket_of` without the calls.
        stems = self._stems
        if len(groups) == 1:
            keys = [stems[user_id * _MIX >> _SHIFT & _MASK] + b"%d" % user_id for user_id in user_ids]
            groups[0].keys += keys
            groups[0].marks += [mark] * len(keys)
            return
        for user_id in user_ids:
            bucket = user_id * _MIX >> _SHIFT & _MASK
            group = groups[bucket]
            group.keys.append(stems[bucket] + b"%d" % user_id)
            group.marks.append(mark)


class Group:
    """Timelines that one call may touch, and for each a mark that tells what is done to it."""

    __slots__ = ("keys", "marks")

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.marks: list[int] = []


class Calls:
    """What a verb does to many timelines, in as few calls of the script as can be."""

    def __init__(self, keys: Keys, script: Script, verb: bytes) -> None:
        self._keys = keys
        self._script = script
        self._verb = verb
        self._groups = [Group() for _ in range(keys.groups)]
        self._arguments: list[Sequence[bytes]] = []

    def add(self, user_ids: Iterable[int], *arguments: bytes) -> None:
        """The verb with these arguments for each of these timelines."""
        self._keys.collect(user_ids, self._groups, len(self._arguments))
        self._arguments.append(arguments)

    def commands(self) -> Sequence[Command]:
        return [
            self._command(group.keys[start : start + _MOST], group.marks[start : start + _MOST])
            for group in self._groups
            for start in range(0, len(group.keys), _MOST)
        ]

    def _command(self, keys: Sequence[bytes], marks: Sequence[int]) -> Command:
        """ARGV: for each run of timelines with the same mark how many they are, and the arguments."""
        words: list[bytes | int] = [self._verb]
        for mark, run in groupby(marks):
            words.append(len(list(run)))
            words += self._arguments[mark]

        def apart() -> Sequence[Command]:
            return [self._command((key,), (mark,)) for key, mark in zip(keys, marks, strict=True)]

        return self._script.command(keys, *words, apart=apart if len(keys) > 1 else None)
