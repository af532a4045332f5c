"""A users subgraph to try, and people who speak to it as the gateway does."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from murmur.events import AnyEvent, decode_event
from murmur.identity import Caller, TokenVerifier
from subgraphs.users.model import SignInLimits
from subgraphs.users.service.passwords import PasswordCost
from subgraphs.users.wiring import UsersRoom

CHEAP = PasswordCost(time=1, memory_kib=8, parallelism=1)
UNLIMITED = SignInLimits(None, None, None)
PASSWORD = "correct horse"
_SIGN_UP = """
mutation ($input: SignUpInput!) {
  signUp(input: $input) { user { id handle name } accessToken refreshToken expiresAt userErrors { code message field } }
}
"""


class Counting:
    """Any store, with its calls counted by name."""

    def __init__(self, store: object) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if callable(found):
            self.calls[name] += 1
        return found


@dataclass
class Person:
    """Somebody with a session, or nobody in particular."""

    town: "Town"
    caller: Caller
    id: str = ""
    handle: str = ""
    session: dict[str, Any] = field(default_factory=dict)

    async def ask(self, document: str, **variables: object) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.town.room.subgraph.execute(document, variables, None, self.caller)
        assert "errors" not in answer, answer
        return answer["data"]

    async def errors(self, document: str, **variables: object) -> list[dict[str, Any]]:
        answer = await self.town.room.subgraph.execute(document, variables, None, self.caller)
        return answer.get("errors", [])

    async def act(self, verb: str, other: "Person | str", show: str = "handle") -> dict[str, Any]:
        """Follow, block, mute and their opposites."""
        id_ = other if isinstance(other, str) else other.id
        document = f"mutation ($id: ID!) {{ {verb}(userId: $id) {{ user {{ {show} }} userErrors {{ code field }} }} }}"
        return (await self.ask(document, id=id_))[verb]


@dataclass
class Town:
    room: UsersRoom
    store: Counting
    verifier: TokenVerifier
    time: "Time"

    @property
    def nobody(self) -> Person:
        return Person(self, Caller(None, "192.0.2.1"))

    async def sign_up(self, handle: str, **more: object) -> Person:
        given = {"handle": handle, "password": PASSWORD, "name": handle.title(), **more}
        session = (await self.nobody.ask(_SIGN_UP, input=given))["signUp"]
        assert session["userErrors"] == [], session
        return self.person(session)

    async def sign_up_refused(self, **given: object) -> dict[str, Any]:
        asked = {"handle": "ada", "password": PASSWORD, "name": "Ada", **given}
        session = (await self.nobody.ask(_SIGN_UP, input=asked))["signUp"]
        assert session["user"] is session["accessToken"] is session["refreshToken"] is session["expiresAt"] is None
        [error] = session["userErrors"]
        return error

    def person(self, session: dict[str, Any]) -> Person:
        caller = self.verifier.verify(session["accessToken"])
        return Person(self, caller, session["user"]["id"], session["user"]["handle"], session)

    async def events(self) -> list[AnyEvent]:
        entries = await self.room.store.outbox.pending(1_000)
        await self.room.store.outbox.remove(entries)
        return [decode_event(entry.payload) for entry in entries]


@dataclass
class Time:
    """A clock that is set by hand."""

    ms: int = 1_760_000_000_000

    def __call__(self) -> int:
        return self.ms


Found = Callable[..., Town]
"""Founds a town with limits, costs or a folder of its own."""
