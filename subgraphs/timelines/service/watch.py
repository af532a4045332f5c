"""Who watches a home timeline, and what tells that something has arrived there.

Fanout says which readers it has pushed to, and whose posts it left to be pulled; a process that serves watchers listens to all
of that and wakes those whom it concerns. Watching costs nothing where nobody posts, and a post costs little where nobody watches.
"""

import asyncio
from array import array
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from murmur.cursors import MAX_PAGE, Window
from murmur.errors import Unavailable
from murmur.post import Post
from murmur.pubsub.looking import LOOK_SECONDS
from murmur.pubsub.ports import MAX_MESSAGE, Message, PubSub
from subgraphs.timelines.service.home import TimelineService

CHANNEL = "timelines"
_READERS, _POSTERS = b"r", b"p"
_IDS = (MAX_MESSAGE - 1) // 8
# A screen shows a number; nobody sees more than a few changes of it a second.
_PACE_SECONDS = 0.1
_AGAIN_SECONDS = 1
_log = structlog.get_logger()


class Arrivals:
    """What fanout tells. It is a hint: where it is lost, watchers find what arrived when they look again."""

    def __init__(self, pubsub: PubSub) -> None:
        self._pubsub = pubsub

    async def pushed(self, reader_ids: Collection[int]) -> None:
        """Something has arrived in the timelines of these people."""
        await self._tell(_READERS, reader_ids)

    async def left(self, poster_ids: Collection[int]) -> None:
        """These people have posted, and their posts are pulled."""
        await self._tell(_POSTERS, poster_ids)

    async def _tell(self, kind: bytes, ids: Collection[int]) -> None:
        packed = array("Q", ids)
        messages = [Message(CHANNEL, kind + packed[start : start + _IDS].tobytes()) for start in range(0, len(packed), _IDS)]
        try:
            await self._pubsub.publish(messages)
        except Unavailable as error:
            _log.warning("watchers are not told", reason=str(error))


@dataclass(frozen=True, slots=True)
class Update:
    """What others brought to the top of a home timeline since it is watched: how many entries (at most 100), and the newest."""

    new_count: int
    newest: Post


@dataclass(slots=True, eq=False)
class _Watcher:
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    pulled: frozenset[int] = frozenset()


class HomeWatch:
    """Watchers of one process; they share one listener."""

    def __init__(self, service: TimelineService, pubsub: PubSub) -> None:
        self._service = service
        self._pubsub = pubsub
        self._readers: dict[int, set[_Watcher]] = {}
        self._posters: dict[int, set[_Watcher]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._listens = asyncio.Event()

    async def follow(self, viewer_id: int) -> AsyncGenerator[Update]:
        """An update whenever others have brought something to the top of the viewer's home timeline; one's own is no news."""
        async with self._watching(viewer_id) as watcher:
            # Listening began before this look, so what comes in between is found by one of the two.
            first = await self._service.home(viewer_id, Window(1))
            top = first.items[0].id if first.items else -1
            told: tuple[int, int] | None = None
            while True:
                await self._woken(viewer_id, watcher)
                arrived = await self._service.home(viewer_id, Window(MAX_PAGE, above=top))
                found = [post for post in arrived.items if post.user_id != viewer_id]
                if found and told != (len(found), found[0].id):
                    told = len(found), found[0].id
                    yield Update(len(found), found[0])
                await asyncio.sleep(_PACE_SECONDS)

    async def _woken(self, viewer_id: int, watcher: _Watcher) -> None:
        """Wait for word; look again after a while all the same, since word may be lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await watcher.wake.wait()
        watcher.wake.clear()
        await self._learn_pulled(viewer_id, watcher)

    @asynccontextmanager
    async def _watching(self, viewer_id: int) -> AsyncGenerator[_Watcher]:
        watcher = _Watcher()
        self._readers.setdefault(viewer_id, set()).add(watcher)
        try:
            if self._listening is None:
                self._listening = asyncio.create_task(self._listen())
            async with asyncio.timeout(LOOK_SECONDS):
                await self._listens.wait()
            await self._learn_pulled(viewer_id, watcher)
            yield watcher
        except TimeoutError as error:
            raise Unavailable("nothing can be followed now; try again later") from error
        finally:
            _remove(self._readers, [viewer_id], watcher)
            _remove(self._posters, watcher.pulled, watcher)
            if not self._readers and self._listening is not None:
                self._listening.cancel()
                self._listening = None
                self._listens.clear()

    async def _learn_pulled(self, viewer_id: int, watcher: _Watcher) -> None:
        """Whose posts are pulled into this timeline can change while it is watched."""
        pulled = frozenset(await self._service.pulled(viewer_id))
        if pulled != watcher.pulled:
            _remove(self._posters, watcher.pulled - pulled, watcher)
            for poster in pulled - watcher.pulled:
                self._posters.setdefault(poster, set()).add(watcher)
            watcher.pulled = pulled

    async def _listen(self) -> None:
        while True:
            try:
                async with self._pubsub.listen([CHANNEL]) as listener:
                    self._listens.set()
                    while True:
                        self._take(await listener.next())
            except Unavailable as error:
                _log.warning("watchers hear nothing for a while", reason=str(error))
                await asyncio.sleep(_AGAIN_SECONDS)

    def _take(self, message: Message | None) -> None:
        if message is None:
            woken = [watcher for watchers in self._readers.values() for watcher in watchers]
        else:
            concerned = self._readers if message.value[:1] == _READERS else self._posters
            ids = concerned.keys() & set(array("Q", message.value[1:]))
            woken = [watcher for id_ in ids for watcher in concerned[id_]]
        for watcher in woken:
            watcher.wake.set()


def _remove(index: dict[int, set[_Watcher]], ids: Collection[int], watcher: _Watcher) -> None:
    for id_ in ids:
        watchers = index.get(id_, set())
        watchers.discard(watcher)
        if not watchers:
            index.pop(id_, None)
