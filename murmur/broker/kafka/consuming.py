"""A member of a consumer group.

The driver knows the eager protocol alone: at every change of a group all its members stop, and are given partitions anew.
So that this costs no work done twice, a member holds a change up until what it has handed out is committed, for a bounded
time (whoever needs longer has its work done again by another), and goes on where it was in those partitions that it keeps.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, RebalanceInProgressError
from aiokafka.structs import ConsumerRecord

from murmur.broker.kafka.address import ANSWER_SECONDS, Address, answering
from murmur.broker.kafka.groups import member_options, stop
from murmur.broker.kafka.records import records_of
from murmur.broker.ports import Place, Record
from murmur.errors import Unavailable
from murmur.events import Topic

_JOIN_SECONDS = 60
_COMMIT_SECONDS = 2 * ANSWER_SECONDS
_WAIT_MS = 500
_log = structlog.get_logger()

Bury = Callable[[str, Record, str], Awaitable[None]]
"""Keeps a record with the dead letters: of which group, and why."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a group waits for a member: for a sign of life, for a poll, and for the end of its work at a change."""

    session_ms: int = 10_000
    silence_ms: int = 300_000
    rebalance_ms: int = 30_000


@dataclass(slots=True)
class _Hold:
    """How far a partition was handed out and committed since it is held: offsets of the next record; none before the first."""

    handed: int = -1
    committed: int = -1


class GroupConsumer(ConsumerRebalanceListener):
    """A `Consumer`. Open it by `join` and end it by `leave`."""

    def __init__(self, address: Address, group: str, topics: Sequence[Topic], patience: Patience, bury: Bury) -> None:
        self._address = address
        self._group = group
        self._topics = sorted({address.named(topic) for topic in topics})
        self._patience = patience
        self._bury = bury
        self._member: AIOKafkaConsumer
        self._broken = False
        self._settled = asyncio.Event()
        self._generation = "", -1
        self._held: dict[TopicPartition, _Hold] = {}
        self._idle = asyncio.Event()
        self._waiting: asyncio.Task[None] | None = None
        self._early: list[ConsumerRecord] = []
        self._turn = 0

    async def join(self) -> None:
        """Raises Unavailable."""
        patience = self._patience
        options = member_options(
            self._address,
            self._address.named(self._group),
            patience.session_ms,
            silence_ms=patience.silence_ms,
            rebalance_ms=patience.rebalance_ms,
        )
        self._idle.set()
        self._member = AIOKafkaConsumer(**options)
        self._member.subscribe(self._topics, listener=self)
        try:
            async with answering(_JOIN_SECONDS):
                await self._member.start()
                await self._be_known()
        except BaseException:
            await self.leave()
            raise
        self._broken = False

    async def leave(self) -> None:
        self._settled.clear()
        self._held = {}
        self._early = []
        self._idle.set()
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
            self._waiting = None
        await stop(self._member)

    async def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            if records := await self._next(limit):
                return records
            remaining = deadline - loop.time()
            await self._arrival(max(remaining, 0))
            if remaining <= 0:
                return await self._next(limit)

    async def commit(self, records: Sequence[Record]) -> None:
        highest: dict[Place, int] = {}
        for record in records:
            place = record.topic, record.partition
            highest[place] = max(record.offset, highest.get(place, 0))
        offsets: dict[TopicPartition, int] = {}
        for (topic, number), offset in highest.items():
            place = TopicPartition(self._address.named(topic), number)
            hold = self._held.get(place)
            # What was handed out before the partition was lost and held again is handed out again.
            if hold is not None and hold.committed <= offset < hold.handed:
                offsets[place] = offset + 1
        if offsets:
            await self._commit(offsets)

    async def rewind(self) -> None:
        if self._broken:
            await self.leave()
            await self.join()
            return
        early, self._early = self._early, []
        back = {TopicPartition(record.topic, record.partition): record.offset for record in early}
        for place, hold in self._held.items():
            if hold.handed > hold.committed:
                hold.handed = back[place] = hold.committed
        for place, offset in back.items():
            self._member.seek(place, offset)
        self._idle.set()

    async def bury(self, record: Record, reason: str) -> None:
        place = self._place(record)
        hold = self._held.get(place)
        if hold is None or not hold.committed <= record.offset < hold.handed:
            return
        # Who has lost the partition without knowing is told so here, before anything is kept.
        if await self._commit({place: record.offset}):
            await self._bury(self._group, record, reason)
            await self._commit({place: record.offset + 1})

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002 (the driver awaits it)
        """Nothing more is handed out from here; wait for what was."""
        self._settled.clear()
        try:
            async with asyncio.timeout(self._patience.rebalance_ms / 2000):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("a group changes in the middle of work, which may be done again", group=self._group)
        self._early = []

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  (the driver awaits it)
        """Go on with what is held still. Without a wait in it: what was assigned is not fetched before."""
        member, generation = self._generation
        self._generation = self._member_and_generation()
        # Nobody else can have held it: the group has changed once, and not without this member.
        kept = self._held if self._generation == (member, generation + 1) else {}
        self._held = {place: kept.get(place, _Hold()) for place in sorted(assigned)}
        for place, hold in self._held.items():
            if hold.handed >= 0:
                self._member.seek(place, hold.handed)
        self._note_idle()
        self._settled.set()

    async def _next(self, limit: int) -> Sequence[Record]:
        """What was fetched, in equal shares of the partitions that have any: none waits for another, or runs far ahead."""
        if not self._settled.is_set():
            return ()
        found: list[Record] = []
        for record in self._early[:limit]:
            found += self._hand_out(TopicPartition(record.topic, record.partition), [record])
        del self._early[:limit]
        places = list(self._held)
        more = places[self._turn :] + places[: self._turn]
        # Without a time to wait, each call below takes what is there, and no change of the group comes between.
        while more and len(found) < limit:
            share = max(1, (limit - len(found)) // len(more))
            asked, more = more[: limit - len(found)], []
            for place in asked:
                records = await self._fetched(place, timeout_ms=0, most=share)
                if records:
                    found += self._hand_out(place, records)
                if len(records) == share:
                    more.append(place)
        if places:
            self._turn = (self._turn + 1) % len(places)
        return tuple(found)

    def _hand_out(self, place: TopicPartition, records: Sequence[ConsumerRecord]) -> Sequence[Record]:
        hold = self._held[place]
        if hold.committed < 0:
            hold.committed = records[0].offset
        hold.handed = records[-1].offset + 1
        self._idle.clear()
        return records_of(self._address, place.topic, records)

    async def _arrival(self, seconds: float) -> None:
        """Wait until there may be records, at most so long.

        The driver's wait must not be cancelled, or it takes this member to be polling ever after: it is left to end alone.
        """
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._wait())
        await asyncio.wait([self._waiting], timeout=seconds)
        if self._waiting.done():
            waited, self._waiting = self._waiting, None
            waited.result()

    async def _wait(self) -> None:
        records = await self._fetched(timeout_ms=_WAIT_MS, most=1)
        self._early += [record for record in records if TopicPartition(record.topic, record.partition) in self._held]

    async def _fetched(self, *places: TopicPartition, timeout_ms: int, most: int) -> Sequence[ConsumerRecord]:
        try:
            fetched = await self._member.getmany(*places, timeout_ms=timeout_ms, max_records=most)
        except KafkaError as error:
            # What the driver tells here it has given up on.
            self._broken = True
            raise Unavailable(f"the event log can't be read: {type(error).__name__}") from error
        return [record for records in fetched.values() for record in records]

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Whether any was committed: only of what is still held. Raises Unavailable."""
        async with answering(_COMMIT_SECONDS):
            while held := {place: offset for place, offset in offsets.items() if self._was_handed_out(place, offset)}:
                # Without a generation the driver would commit as if it were nobody's member.
                if self._member_and_generation()[1] < 0:
                    break
                try:
                    await self._member.commit(held)
                except (CommitFailedError, IllegalStateError) as error:
                    if isinstance(error, CommitFailedError) and not isinstance(error.__cause__, RebalanceInProgressError):
                        break
                    # The group is changing: what is held after that can be committed then.
                    await self._settled.wait()
                else:
                    for place, offset in held.items():
                        if (hold := self._held.get(place)) is not None:
                            hold.committed = offset
                    self._note_idle()
                    return True
            else:
                self._note_idle()
                return False
        _log.warning("a commit came too late", group=self._group)
        # The group has given this member up: it joins again by itself, and is assigned what it holds anew.
        self._settled.clear()
        self._held, self._early = {}, []
        self._note_idle()
        return False

    def _was_handed_out(self, place: TopicPartition, offset: int) -> bool:
        """Whether all before `offset`, and not more than that, has been handed out since the partition is held."""
        hold = self._held.get(place)
        return hold is not None and hold.committed <= offset <= hold.handed

    def _note_idle(self) -> None:
        if all(hold.handed <= hold.committed for hold in self._held.values()):
            self._idle.set()

    def _member_and_generation(self) -> tuple[str, int]:
        # Nothing public tells whether anybody else can have held a partition meanwhile: the version is bounded for this.
        coordinator: Any = self._member._coordinator  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] (as said above)
        return coordinator.member_id, coordinator.generation

    async def _be_known(self) -> None:
        """Commit the beginning of what nobody of the group has committed: from then on its lag is known."""
        places = list(self._member.assignment())
        new = [place for place in places if await self._member.committed(place) is None]
        if new:
            try:
                await self._member.commit(await self._member.beginning_offsets(new))
            except (CommitFailedError, IllegalStateError):
                # The group has changed meanwhile: it is whose they are now that does this.
                return

    def _place(self, record: Record) -> TopicPartition:
        return TopicPartition(self._address.named(record.topic), record.partition)
