"""What people look at from the command line: a home timeline, the event log."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from murmur.broker.ports import Broker, Message, Record
from murmur.broker.wiring import open_broker
from murmur.clock import to_datetime
from murmur.cursors import Window
from murmur.errors import StartupError, Unreadable
from murmur.events import decode_event
from murmur.ids import id_time
from murmur.roles.rooms import open_rooms
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics

_FOLLOW_SECONDS = 0.5
_FOLLOW_RECORDS = 1_000
_REPLAYED = 10_000


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """An entry of a timeline for people to read."""

    at: datetime
    author: str
    text: str
    likes: int
    retweeted_by: str | None


async def home_timeline(settings: Settings, handle: str, limit: int) -> Sequence[TimelineLine]:
    """The newest entries of a person's home timeline, as that person sees it. Raises StartupError for an unknown handle."""
    async with open_rooms(settings, Metrics()) as rooms:
        found = await rooms.users.store.ids_of_handles([handle])
        viewer = found.get(handle.lower())
        if viewer is None:
            raise StartupError(f"nobody has the handle {handle!r}")
        page = await rooms.timelines.service.home(viewer, Window(limit))
        views = await rooms.tweets.store.views([post.tweet_id for post in page.items], viewer)
        people = await rooms.users.store.users({person for post in page.items for person in (post.author_id, post.user_id)})
        return [
            TimelineLine(
                at=to_datetime(id_time(post.id)),
                author=people[post.author_id].handle,
                text=views[post.tweet_id].tweet.text,
                likes=views[post.tweet_id].likes,
                retweeted_by=None if post.id == post.tweet_id else people[post.user_id].handle,
            )
            for post in page.items
        ]


@dataclass(frozen=True, slots=True)
class EventLine:
    """A record of the log for people to read."""

    at: datetime | None
    topic: str
    partition: int
    offset: int
    type: str
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class DeadLetterLine:
    """A record that a consumer group has given up on, for people to read."""

    at: datetime
    group: str
    reason: str
    event: EventLine


async def tail_events(settings: Settings, limit: int, *, follow: bool) -> AsyncGenerator[EventLine]:
    """The newest records of the log, oldest first; with `follow` also what comes after them, until cancelled."""
    async with _opened_broker(settings) as broker:
        positions = dict(await broker.ends())
        for record in await broker.tail(limit):
            # What came since the ends were read comes again below, with what may have come between.
            if record.offset <= positions.get((record.topic, record.partition), -1):
                yield _line(record)
        while follow:
            records = await broker.after(positions, _FOLLOW_RECORDS)
            for record in records:
                positions[record.topic, record.partition] = record.offset
                yield _line(record)
            if not records:
                await asyncio.sleep(_FOLLOW_SECONDS)


async def dead_letters(settings: Settings, limit: int) -> Sequence[DeadLetterLine]:
    """The newest dead letters, newest first."""
    async with _opened_broker(settings) as broker:
        letters = await broker.dead_letters(limit)
    return [DeadLetterLine(to_datetime(letter.at), letter.group, letter.reason, _line(letter.record)) for letter in letters]


async def replay_dead_letters(settings: Settings, group: str | None) -> int:
    """Publish dead letters (of one group, or of all) again, in the order of their burial, and forget them; how many.

    They come to every group of their topic, after all that has been published since.
    """
    async with _opened_broker(settings) as broker:
        letters = [letter for letter in await broker.dead_letters(_REPLAYED) if group in (None, letter.group)]
        letters.reverse()
        await broker.publish([Message(letter.record.topic, letter.record.key, letter.record.value) for letter in letters])
        await broker.forget(letters)
    return len(letters)


@asynccontextmanager
async def _opened_broker(settings: Settings) -> AsyncGenerator[Broker]:
    broker = open_broker(settings.stores.broker_url, settings.server.data_dir)
    try:
        yield broker
    finally:
        await broker.close()


def _line(record: Record) -> EventLine:
    try:
        event = decode_event(record.value)
    except Unreadable as error:
        return EventLine(None, record.topic, record.partition, record.offset, "unreadable", {"reason": str(error)})
    fields = {str(name): value for name, value in msgspec.to_builtins(event).items() if name not in ("type", "id", "at")}
    kind = str(event.__struct_config__.tag)
    return EventLine(to_datetime(event.at), record.topic, record.partition, record.offset, kind, fields)
