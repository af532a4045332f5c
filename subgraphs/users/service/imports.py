"""People and edges from elsewhere, in batches: each batch is one write, and importing it again changes nothing."""

from collections.abc import Sequence
from hashlib import blake2b

from murmur.errors import Refused
from murmur.events import Blocked, Followed, Muted, Unfollowed, UserSignedUp
from murmur.ids import EPOCH_MS, MAX_ID, first_id_at, id_time
from murmur.imported import Imported, Rejected
from subgraphs.users.model import Edge, ImportedEdge, ImportedUser, Outcome, User
from subgraphs.users.service.base import Base
from subgraphs.users.service.profiles import INPUT_NAMES, check_handle, check_profile

MAX_BATCH = 10_000
_REASONS = {
    Outcome.UNKNOWN: "one of the two people does not exist",
    Outcome.BLOCKED: "one of the two people has blocked the other",
    Outcome.ID_TAKEN: "something else has that id",
    Outcome.HANDLE_TAKEN: "somebody else has that handle",
}


class _Batch:
    """Which rows go to the store, and what became of each row in the end."""

    def __init__(self, size: int) -> None:
        if size > MAX_BATCH:
            raise ValueError(f"a batch has at most {MAX_BATCH} rows, not {size}")
        self._rejected: list[Rejected] = []
        self.taken: list[int] = []

    def take(self, index: int) -> None:
        self.taken.append(index)

    def reject(self, index: int, reason: str) -> None:
        self._rejected.append(Rejected(index, reason))

    def result(self, outcomes: Sequence[Outcome]) -> Imported:
        added = unchanged = 0
        for index, outcome in zip(self.taken, outcomes, strict=True):
            if outcome is Outcome.DONE:
                added += 1
            elif outcome is Outcome.UNCHANGED:
                unchanged += 1
            else:
                self.reject(index, _REASONS[outcome])
        return Imported(added, unchanged, sorted(self._rejected, key=lambda rejected: rejected.index))


class Imports(Base):
    """Each verb takes at most `MAX_BATCH` rows, reports those that can't be taken and keeps the rest.

    An event goes out for each row that is added, with the time of the row.
    """

    async def import_users(self, rows: Sequence[ImportedUser]) -> Imported:
        """Somebody who is there already (the same id and handle; without an id, the same handle) stays as they are."""
        batch = _Batch(len(rows))
        known = dict(await self._store.ids_of_handles({row.handle for row in rows if row.id is None and row.handle.isascii()}))
        taken: list[tuple[User, UserSignedUp]] = []
        for index, row in enumerate(rows):
            try:
                user = self._profile(row, known.get(row.handle.lower()))
            except (Refused, ValueError) as error:
                batch.reject(index, str(error))
                continue
            batch.take(index)
            known[user.handle.lower()] = user.id
            event = UserSignedUp(id=self._ids(), at=user.created_at, user_id=user.id, handle=user.handle, name=user.name)
            taken.append((user, event))
        return batch.result(await self._store.add_users(taken))

    async def import_follows(self, rows: Sequence[ImportedEdge]) -> Imported:
        batch = _Batch(len(rows))
        edges = self._edges(rows, batch)
        movable = {place for place, index in enumerate(batch.taken) if rows[index].id is None}
        follows = [
            (edge, Followed(id=self._ids(), at=edge.created_at, follower_id=edge.source_id, followee_id=edge.target_id))
            for edge in edges
        ]
        return batch.result(await self._store.follow(follows, movable))

    async def import_blocks(self, rows: Sequence[ImportedEdge]) -> Imported:
        """Each block ends the follows between the two."""
        batch = _Batch(len(rows))
        now = self._clock()
        blocks: list[tuple[Edge, Blocked, tuple[Unfollowed, Unfollowed]]] = []
        for edge in self._edges(rows, batch):
            source, target = edge.source_id, edge.target_id
            event = Blocked(id=self._ids(), at=edge.created_at, blocker_id=source, blocked_id=target)
            endings = (
                Unfollowed(id=self._ids(), at=now, follower_id=source, followee_id=target),
                Unfollowed(id=self._ids(), at=now, follower_id=target, followee_id=source),
            )
            blocks.append((edge, event, endings))
        return batch.result(await self._store.block(blocks))

    async def import_mutes(self, rows: Sequence[ImportedEdge]) -> Imported:
        batch = _Batch(len(rows))
        edges = self._edges(rows, batch)
        return batch.result(
            await self._store.mute(
                [
                    (edge, Muted(id=self._ids(), at=edge.created_at, muter_id=edge.source_id, muted_id=edge.target_id))
                    for edge in edges
                ]
            )
        )

    def _profile(self, row: ImportedUser, known_id: int | None) -> User:
        check_handle(row.handle)
        profile = check_profile({field: getattr(row, field) for field in INPUT_NAMES})
        id_ = _checked_id(row.id) if row.id is not None else known_id or self._ids()
        created_at = row.created_at
        if created_at is not None:
            self._check_time(created_at)
        else:
            created_at = id_time(id_) if row.id is None else self._time_in(id_)
        return User(
            id=id_,
            handle=row.handle,
            name=profile["name"] or "",
            bio=profile["bio"],
            location=profile["location"],
            website=profile["website"],
            avatar_url=profile["avatar_url"],
            created_at=created_at,
            verified=row.verified,
            protected=row.protected,
        )

    def _edges(self, rows: Sequence[ImportedEdge], batch: _Batch) -> list[Edge]:
        edges: list[Edge] = []
        for index, row in enumerate(rows):
            try:
                if row.source_id == row.target_id:
                    raise ValueError("this can't be done to oneself")
                source, target = _checked_id(row.source_id), _checked_id(row.target_id)
                edge = Edge(self._edge_id(row), source, target)
            except ValueError as error:
                batch.reject(index, str(error))
                continue
            batch.take(index)
            edges.append(edge)
        return edges

    def _edge_id(self, row: ImportedEdge) -> int:
        if row.created_at is not None:
            self._check_time(row.created_at)
        if row.id is not None:
            self._time_in(_checked_id(row.id))
            return row.id
        if row.created_at is None:
            return self._ids()
        if row.created_at < EPOCH_MS:
            raise ValueError("it is older than the epoch of ids, 2010-11-04: give it an id")
        # Many follows of an archive share a second: the low bits spread them, so that few have to move to a free id.
        digest = blake2b(b"%d %d" % (row.source_id, row.target_id), digest_size=4).digest()
        return first_id_at(row.created_at) | int.from_bytes(digest, "big") & (1 << 22) - 1

    def _check_time(self, ms: int) -> None:
        now = self._clock()
        if not 0 <= ms <= now:
            raise ValueError("its time is in the future" if ms > now else "its time is before 1970")

    def _time_in(self, id_: int) -> int:
        ms = id_time(id_)
        if ms > self._clock():
            raise ValueError("the time in its id is in the future")
        return ms


def _checked_id(id_: int) -> int:
    if not 0 < id_ <= MAX_ID:
        raise ValueError(f"{id_} is outside the range of ids")
    return id_
