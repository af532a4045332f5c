"""A place to tweet in for tests: the tweets subgraph and the users store, on files of their own."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from murmur.clock import wall_clock
from murmur.events import AnyEvent, decode_event
from murmur.identity import Caller, Viewer
from murmur.ids import IdSource, Snowflakes
from subgraphs.tweets.ports import TweetStore
from subgraphs.tweets.wiring import TweetsRoom, build, open_store
from subgraphs.users.model import ImportedUser
from subgraphs.users.service.graph import FollowGraph
from subgraphs.users.service.imports import Imports
from subgraphs.users.stores.sqlite import SqliteUsers


class Counting:
    """A port with its calls counted by name."""

    def __init__(self, port: object) -> None:
        self.calls: Counter[str] = Counter()
        self._port = port

    def __getattr__(self, name: str) -> object:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> object:
            self.calls[name] += 1
            return found(*args, **kwargs)

        return call


@dataclass
class Square:
    room: TweetsRoom
    users: SqliteUsers
    store: TweetStore
    ids: IdSource
    store_calls: Counter[str]
    people_calls: Counter[str]
    people: dict[str, int] = field(default_factory=dict)

    @property
    def graph(self) -> FollowGraph:
        return FollowGraph(self.users, self.ids, wall_clock)

    async def person(self, *handles: str) -> int:
        """Adds people; the id of the first."""
        rows = [ImportedUser(handle=handle, name=handle) for handle in handles]
        assert (await Imports(self.users, self.ids, wall_clock).import_users(rows)).added == len(handles)
        self.people |= await self.users.ids_of_handles(handles)
        return self.people[handles[0].lower()]

    async def run(self, viewer_id: int | None, document: str, **variables: object) -> dict[str, Any]:
        viewer = None if viewer_id is None else Viewer(viewer_id, "session")
        return await self.room.subgraph.execute(document, variables, None, Caller(viewer))

    async def ask(self, viewer_id: int | None, document: str, **variables: object) -> Any:
        """The data of an answer that has no errors."""
        response = await self.run(viewer_id, document, **variables)
        assert "errors" not in response, response["errors"]
        return response["data"]

    async def tweet(self, author_id: int, text: str = "hello", **more: Any) -> int:
        return (await self.room.service.create(author_id, text, **more)).tweet.id

    async def events(self) -> list[AnyEvent]:
        """Everything in the outbox, which is emptied."""
        found: list[AnyEvent] = []
        while entries := await self.store.outbox.pending(1000):
            found += [decode_event(entry.payload) for entry in entries]
            await self.store.outbox.remove(entries)
        return found

    def forget_calls(self) -> None:
        self.store_calls.clear()
        self.people_calls.clear()


@asynccontextmanager
async def open_square(folder: Path, *, url: str = "sqlite:", prohibited: Path | None = None) -> AsyncGenerator[Square]:
    store, users, ids = open_store(url, folder), SqliteUsers(folder / "users.db"), Snowflakes(1)
    tweets_port, people_port = Counting(store), Counting(users)
    room = build(tweets_port, people_port, ids, wall_clock, prohibited=prohibited)  # pyright: ignore[reportArgumentType] (it passes calls on)
    try:
        yield Square(room, users, store, ids, tweets_port.calls, people_port.calls)
    finally:
        await store.close()
        await users.close()
