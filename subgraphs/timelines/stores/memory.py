"""Timelines in this process's memory, for a platform that is one process."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

from murmur.post import Post
from subgraphs.timelines.model import KEPT, Delivery, Entries, Pull, Timeline, Withdrawal, pack

# Entries are let go some at a time, so that a full timeline does not move its whole array for each that comes.
_SLACK = 100
_BUILDS = 1_000
_JOURNAL = 5_000


class MemoryTimelines:
    """A `TimelineStore`. Holds the `capacity` timelines that were read last; a full one takes 29 KB."""

    push_size = 2_000
    """Some two milliseconds, for which the process does nothing else."""

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._builds: OrderedDict[int, _Build] = OrderedDict()
        self._last_build = 0
        self._pulls: dict[int, Pull] = {}

    async def read(self, user_id: int) -> Timeline | None:
        held = self._held.get(user_id)
        if held is None:
            return None
        self._held.move_to_end(user_id)
        return held.copy()

    async def begin(self, user_id: int) -> int:
        self._last_build += 1
        build = self._builds.setdefault(user_id, _Build())
        build.number = self._last_build
        if len(self._builds) > _BUILDS:
            self._builds.popitem(last=False)
        return build.number

    async def put(self, user_id: int, build: int, posts: Collection[Post], pulled: AbstractSet[int]) -> Timeline | None:
        current = self._builds.get(user_id)
        if current is None or current.number != build:
            return None
        del self._builds[user_id]
        held = self._held[user_id] = _Held()
        self._held.move_to_end(user_id)
        held.follow(posts, pulled)
        for change in current.journal:
            change(held)
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)
        return held.copy()

    async def held(self, user_ids: Collection[int]) -> AbstractSet[int]:
        return {user_id for user_id in user_ids if user_id in self._held or user_id in self._builds}

    async def push(self, deliveries: Sequence[Delivery]) -> int:
        delivered = 0
        held_of = self._held.get
        for delivery in deliveries:
            post, pull = delivery.post, delivery.pull
            packed, position = pack(post), post.id
            for reader in delivery.readers:
                held = held_of(reader)
                if held is None:
                    continue
                flat = held.entries.flat
                if flat and position > flat[-4]:
                    # By far the most: a new post on top of a timeline. `Entries.add` without the call.
                    flat.extend(packed)
                    delivered += 1
                    if len(flat) > (KEPT + _SLACK) * 4:
                        held.entries.trim(KEPT)
                    if pull:
                        held.pull({post.user_id})
                else:
                    delivered += held.push(post, pull)
            for build in self._building(delivery.readers):
                self._note(build, partial(_Held.push, post=post, pull=pull))
                delivered += 1
        # Pushing never waits for anything, so it lets readers have their turn after each batch.
        await asyncio.sleep(0)
        return delivered

    async def withdraw(self, withdrawals: Sequence[Withdrawal]) -> None:
        for withdrawal in withdrawals:
            self._change(withdrawal.readers, partial(_Held.withdraw, position=withdrawal.position))
        await asyncio.sleep(0)

    async def follow(self, user_id: int, posts: Collection[Post], pulled: AbstractSet[int]) -> None:
        self._change((user_id,), partial(_Held.follow, posts=posts, pulled=pulled))

    async def unfollow(self, user_id: int, user_ids: AbstractSet[int]) -> None:
        self._change((user_id,), partial(_Held.unfollow, user_ids=user_ids))

    async def pulls(self, user_ids: Collection[int]) -> Mapping[int, Pull]:
        if not self._pulls:
            return {}
        return {user_id: self._pulls[user_id] for user_id in user_ids if user_id in self._pulls}

    async def set_pull(self, user_ids: Collection[int], pull: Pull) -> None:
        self._pulls |= dict.fromkeys(user_ids, pull)

    async def close(self) -> None:
        self._held.clear()
        self._builds.clear()

    def _change(self, readers: Sequence[int], change: "Callable[[_Held], object]") -> None:
        for reader in readers:
            if (held := self._held.get(reader)) is not None:
                change(held)
        for build in self._building(readers):
            self._note(build, change)

    def _building(self, readers: Sequence[int]) -> Collection[int]:
        return self._builds.keys() & readers if self._builds else ()

    def _note(self, user_id: int, change: "Callable[[_Held], object]") -> None:
        journal = self._builds[user_id].journal
        journal.append(change)
        if len(journal) > _JOURNAL:
            # Whoever builds this has died or is far too slow; the next reader begins anew.
            del self._builds[user_id]


class _Held:
    __slots__ = ("entries", "pulled")

    def __init__(self) -> None:
        self.entries = Entries()
        self.pulled: AbstractSet[int] = frozenset()

    def copy(self) -> Timeline:
        return Timeline(self.entries.newest(KEPT), self.pulled)

    def push(self, post: Post, pull: bool) -> bool:
        added = self.entries.add(post)
        if len(self.entries) > KEPT + _SLACK:
            self.entries.trim(KEPT)
        if pull:
            self.pull({post.user_id})
        return added

    def pull(self, user_ids: AbstractSet[int]) -> None:
        # Replaced, never changed: readers have it in hand.
        if not user_ids <= self.pulled:
            self.pulled = frozenset((*self.pulled, *user_ids))

    def withdraw(self, position: int) -> None:
        self.entries.discard(position)

    def follow(self, posts: Collection[Post], pulled: AbstractSet[int]) -> None:
        self.entries.merge(posts)
        self.entries.trim(KEPT)
        self.pull(pulled)

    def unfollow(self, user_ids: AbstractSet[int]) -> None:
        self.entries.discard_of(user_ids)
        self.pulled = frozenset(self.pulled - user_ids)


class _Build:
    """A timeline that is being built, and what has come for it since that began."""

    __slots__ = ("journal", "number")

    def __init__(self) -> None:
        self.number = 0
        self.journal: list[Callable[[_Held], object]] = []
