"""The indexes in Meilisearch and their settings, and how the server is asked."""

from collections.abc import Awaitable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from httpx2 import HTTPError
from meilisearch_python_sdk import AsyncClient
from meilisearch_python_sdk.errors import MeilisearchApiError, MeilisearchError
from meilisearch_python_sdk.models.settings import MeilisearchSettings, MinWordSizeForTypos, Pagination, TypoTolerance
from meilisearch_python_sdk.models.task import TaskInfo

from murmur.engines import Report
from murmur.errors import MurmurError, Unavailable
from subgraphs.search.model import Kind

T = TypeVar("T")

MOST_HITS = 1_000
_TASK_MS, _POLL_MS = 30_000, 20
_PASSING = (401, 403, 408, 429)
"""Refusals that pass: a key can be mended while we run, and a busy server has time later."""
_COMMON = ["id", "id_ms", "id_rest", "at", "mentions"]
_FILTERABLE = {
    Kind.TWEET: [*_COMMON, "author", "reply_to", "tags", "lang", "likes", "retweets", "links", "reply"],
    Kind.PERSON: _COMMON,
}
_SEARCHABLE = {Kind.TWEET: ["text"], Kind.PERSON: ["name", "handle", "bio"]}
_TYPOS = TypoTolerance(enabled=True, min_word_size_for_typos=MinWordSizeForTypos(one_typo=5, two_typos=9))


class MeilisearchEngine:
    """`murmur.engines.Engine` for the indexes whose names begin with `prefix`."""

    def __init__(self, client: AsyncClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._made = False

    async def check(self) -> Report:
        version = await asked(self._client.get_version())
        missing = [name for kind in Kind for name in await self._missing(kind)]
        return Report("meilisearch", version.pkg_version, "server", missing=tuple(missing))

    async def apply(self) -> Sequence[str]:
        done: list[str] = []
        for kind in Kind:
            missing = await self._missing(kind)
            if missing:
                uid = self.uid(kind)
                # Settings of an index that is not there make it.
                task = await asked(self._client.index(uid).update_settings(_settings(kind)))
                await self.done([task])
                done += missing
        self._made = True
        return done

    async def make(self) -> None:
        """What is missing, unless this process has seen that nothing is."""
        if not self._made:
            await self.apply()

    def forget(self) -> None:
        """The indexes are gone: look again."""
        self._made = False

    async def _missing(self, kind: Kind) -> Sequence[str]:
        uid = self.uid(kind)
        try:
            with _mapped():
                there = await self._client.index(uid).get_settings()
        except NoIndexError:
            return (f"index {uid}",)
        wanted = _settings(kind).model_dump(exclude_none=True)
        has = there.model_dump(exclude_none=True)
        differing = [name for name, value in wanted.items() if not _same(value, has.get(name))]
        return [f"setting {name} of index {uid}" for name in differing]

    async def done(self, tasks: Sequence[TaskInfo]) -> None:
        """Writes are answered before they can be found: wait until they are."""
        for task in tasks:
            wait = self._client.wait_for_task(task.task_uid, timeout_in_ms=_TASK_MS, interval_in_ms=_POLL_MS)
            result = await asked(wait)
            if result.status != "succeeded":
                error = result.error or {}
                told = f"Meilisearch failed a task: {error.get('message')}"
                raise RefusedForGoodError(told) if error.get("type") == "invalid_request" else Unavailable(told)

    def uid(self, kind: Kind) -> str:
        """The name of the index of a kind."""
        return f"{self._prefix}_{'tweets' if kind is Kind.TWEET else 'people'}"


class NoIndexError(Unavailable):
    """The index is not there, or not yet."""


class RefusedForGoodError(MurmurError):
    """What the server will not take, however often it is asked: a defect of the request, so whoever asked must not ask again."""


@contextmanager
def _mapped() -> Generator[None]:
    try:
        yield
    except MeilisearchApiError as error:
        if error.code == "index_not_found":
            raise NoIndexError("the search index has not been made yet") from error
        told = f"Meilisearch refuses: {error.code or error.status_code}"
        for_good = 400 <= error.status_code < 500 and error.status_code not in _PASSING
        raise (RefusedForGoodError(told) if for_good else Unavailable(told)) from error
    except (MeilisearchError, HTTPError, OSError) as error:
        raise Unavailable(f"Meilisearch does not answer: {type(error).__name__}") from error


async def asked(call: Awaitable[T]) -> T:
    with _mapped():
        return await call


def _settings(kind: Kind) -> MeilisearchSettings:
    return MeilisearchSettings(
        searchable_attributes=_SEARCHABLE[kind],
        filterable_attributes=list(_FILTERABLE[kind]),
        sortable_attributes=["id_ms", "id_rest"],
        # Lists are by id within a grade, so that comes before every other rule.
        ranking_rules=["sort", "words", "typo", "proximity", "attribute", "exactness"],
        typo_tolerance=_TYPOS,
        pagination=Pagination(max_total_hits=MOST_HITS),
    )


def _same(wanted: object, there: object) -> bool:
    """Whether a setting is as wanted; lists that the server returns in an order of its own are compared as sets, and of a
    setting of several parts those count that are wanted."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(_same(value, there.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(there, list) and "sort" not in wanted:
        return sorted(wanted) == sorted(there)
    return wanted == there
