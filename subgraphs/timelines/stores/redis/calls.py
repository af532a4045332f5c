"""Which timelines one call of the script may touch, and the calls for many of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import count, islice

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
    """The keys of timelines."""

    def __init__(self, redis: Redis) -> None:
        self._clustered = redis.clustered
        self._stems = [b"%s:{%s}:home:" % (redis.prefix, tag) for tag in tags()]

    def of(self, user_id: int) -> bytes:
        return self._stems[bucket_of(user_id)] + b"%d" % user_id

    def together(self, user_ids: Collection[int]) -> Iterable[tuple[int, Sequence[bytes]]]:
        """The keys by what one call may touch: of a cluster a slot, of a server everything."""
        stems = self._stems
        # As `of`, without the calls: this is done for every entry that is delivered.
        if not self._clustered:
            return ((0, [stems[user_id * _MIX >> _SHIFT & _MASK] + b"%d" % user_id for user_id in user_ids]),)
        groups: defaultdict[int, list[bytes]] = defaultdict(list)
        for user_id in user_ids:
            bucket = user_id * _MIX >> _SHIFT & _MASK
            groups[bucket].append(stems[bucket] + b"%d" % user_id)
        return groups.items()


class Call:
    """A verb for some timelines, in runs of those to which the same is done."""

    __slots__ = ("_runs", "_script", "_verb", "keys")

    def __init__(self, script: Script, verb: bytes) -> None:
        self._script = script
        self._verb = verb
        self._runs: list[tuple[int, Sequence[bytes]]] = []
        self.keys: list[bytes] = []

    def add(self, keys: Sequence[bytes], arguments: Sequence[bytes]) -> None:
        self.keys += keys
        self._runs.append((len(keys), arguments))

    def command(self) -> Command:
        words: list[bytes | int] = []
        for length, arguments in self._runs:
            words += (length, *arguments)
        return self._script.command(self.keys, self._verb, *words, apart=self._apart)

    def _apart(self) -> Sequence[Command]:
        commands: list[Command] = []
        keys = iter(self.keys)
        for length, arguments in self._runs:
            commands += [self._script.command((key,), self._verb, 1, *arguments) for key in islice(keys, length)]
        return commands


class Calls:
    """Collects what a verb does to many timelines in as few calls as can be."""

    def __init__(self, script: Script, verb: bytes) -> None:
        self._script = script
        self._verb = verb
        self._filling: dict[int, Call] = {}
        self.all: list[Call] = []

    def add(self, group: int, keys: Sequence[bytes], *arguments: bytes) -> None:
        """`arguments` are the same for all these timelines."""
        for start in range(0, len(keys), _MOST):
            some = keys[start : start + _MOST]
            call = self._filling.get(group)
            if call is None or len(call.keys) + len(some) > _MOST:
                call = self._filling[group] = Call(self._script, self._verb)
                self.all.append(call)
            call.add(some, arguments)
