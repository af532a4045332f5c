"""What every search index keeps of the promises in `subgraphs/search/ports.py`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from murmur.errors import BadUserInput
from murmur.ids import MAX_ID
from subgraphs.search.model import Document, Grade, Kind, PersonDocument, TweetDocument
from subgraphs.search.ports import SearchIndex
from subgraphs.search.service.parse import parse
from subgraphs.search.wiring import open_index
from tests.support.search_indexes import ADAPTERS, empty_index
from tests.support.waiting import until

DAY = 24 * 3_600_000
AT = 1_700_000_000_000
BASE = 7_300_000_000_000_000_000
"""Ids that a double can't tell apart."""


@pytest.fixture(params=ADAPTERS)
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SearchIndex]:
    async with empty_index(request.param, tmp_path) as opened:
        yield opened


def tweet(number: int, text: str, **more: object) -> TweetDocument:
    fields: dict[str, object] = {"author_id": 1, "author": "ada", "at": AT, **more}
    return TweetDocument(id=BASE + number, text=text, **fields)  # type: ignore[arg-type] (named by each test)


def person(number: int, handle: str, name: str = "", bio: str | None = None) -> PersonDocument:
    return PersonDocument(BASE + number, handle, name, bio, AT)


async def find(index: SearchIndex, text: str, grade: Grade | None = None, kind: Kind = Kind.TWEET) -> list[int]:
    """The numbers of what is found."""
    hits = await index.find(kind, parse(text), [grade], MAX_ID + 1, 100)
    assert all(hit.kind is kind for hit in hits)
    return [hit.id - BASE for hit in hits]


WORLD: list[Document] = [
    tweet(1, "Hello world from the first tweet #hello", tags=("hello",), likes=3),
    tweet(2, "Distributed systems are hard, timelines harder #systems", tags=("systems",), author_id=2, author="bea", likes=30),
    tweet(3, "The timeline of a celebrity is merged on read", at=AT + 2 * DAY, likes=7, retweets=5, lang="en"),
    tweet(4, "Größe, naïve café, 你好 world 🎉", author_id=2, author="bea", lang="de"),
    tweet(5, "@ada see https://example.com/page", mentions=("ada",), reply=True, reply_to="ada", links=True),
    tweet(6, 'a "quoted" piece and a back\\slash, rock-n-roll'),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("timeline", [3, 2]),
        ("TIMELINE", [3, 2]),
        ("distribted", [2]),
        ("celebirty", [3]),
        ("celeb", [3]),
        ("celeb read", []),
        ("celeb from:ada", [3]),
        ("celeb min_likes:3 -hello", [3]),
        ('celeb "on read"', [3]),
        ("celeb OR #hello", [3, 1]),
        ("celeb read from:ada", []),
        ("-celeb from:ada min_likes:3", [3, 1]),
        ("wolrd hello", [1]),
        ("cafe", [4]),
        ("grosse", [4]),
        ("你好", [4]),
        ('"merged on read"', [3]),
        ('"on merged read"', []),
        ("timeline -celebrity", [2]),
        ("-world -timeline -timelines", [6, 5]),
        ('world -"hello world"', [4]),
        ("celebrity OR hello", [3, 1]),
        ("celebrity OR #systems OR @ada", [5, 3, 2]),
        ("world hello OR café", [4, 1]),
        ("#hello", [1]),
        ("-#hello world", [4]),
        ("@ada", [5]),
        ("from:bea", [4, 2]),
        ("from:bea world", [4]),
        ("-from:ada", [4, 2]),
        ("to:ada", [5]),
        ("since:2023-11-15", [3]),
        ("until:2023-11-16 min_likes:3", [2, 1]),
        ("min_likes:7", [3, 2]),
        ("min_retweets:5", [3]),
        ("has:links", [5]),
        ("is:reply", [5]),
        ("-is:reply -has:links from:ada", [6, 3, 1]),
        ("lang:de", [4]),
        ("lang:en OR #hello", [3, 1]),
        ("rock-n-roll", [6]),
        ("back\\slash", [6]),
        ("nothing-at-all", []),
    ],
)
async def test_each_operator_finds_what_it_says(index: SearchIndex, query: str, found: list[int]) -> None:
    await index.put(WORLD)
    assert await find(index, query) == found


async def test_what_matches_as_written_is_of_another_grade_than_the_rest(index: SearchIndex) -> None:
    await index.put([tweet(1, "a timeline"), tweet(2, "two timelines"), tweet(3, "a timelime"), tweet(4, "no such thing")])
    assert await find(index, "timeline", Grade.EXACT) == [1]
    assert await find(index, "timeline", Grade.LOOSE) == [3, 2]
    assert await find(index, "timeline", None) == [3, 2, 1]


async def test_a_part_of_a_list_goes_on_below_an_id(index: SearchIndex) -> None:
    await index.put([tweet(number, "same words") for number in range(10)])
    seen: list[int] = []
    below = MAX_ID + 1
    while hits := await index.find(Kind.TWEET, parse("same"), [Grade.EXACT], below, 3):
        seen += [hit.id - BASE for hit in hits]
        below = hits[-1].id
        await index.put([tweet(100 + len(seen), "same words written meanwhile")])
    assert seen == list(range(9, -1, -1))


async def test_grades_follow_each_other_in_one_list(index: SearchIndex) -> None:
    await index.put([tweet(number, "a timeline" if number % 2 else "two timelines") for number in range(8)])
    both = (Grade.EXACT, Grade.LOOSE)

    async def part(grades: Sequence[Grade], below: int, limit: int) -> list[tuple[int, Grade | None]]:
        hits = await index.find(Kind.TWEET, parse("timeline"), grades, below, limit)
        return [(hit.id - BASE, hit.grade) for hit in hits]

    whole = [*((number, Grade.EXACT) for number in (7, 5, 3, 1)), *((number, Grade.LOOSE) for number in (6, 4, 2, 0))]
    for limit in (1, 4, 5, 8, 20):
        assert await part(both, MAX_ID + 1, limit) == whole[:limit]
        assert await part(both, BASE + 5, limit) == whole[2:][:limit]
        assert await part(both[1:], BASE + 4, limit) == whole[6:][:limit]
    assert await part((), MAX_ID + 1, 5) == []


async def test_a_document_replaces_that_of_its_id_and_kind_alone(index: SearchIndex) -> None:
    await index.put([tweet(1, "first text"), person(1, "ada", "First")])
    await index.put([tweet(1, "second text", likes=9)])
    assert await find(index, "first") == []
    assert await find(index, "second min_likes:9") == [1]
    assert await find(index, "first", kind=Kind.PERSON) == [1]
    hit, *_ = await index.find(Kind.TWEET, parse("second"), [None], MAX_ID + 1, 10)
    assert hit.person_id == 1


async def test_what_is_removed_is_found_no_more(index: SearchIndex) -> None:
    await index.put([tweet(1, "hello"), tweet(2, "hello")])
    await index.remove(Kind.TWEET, [BASE + 1, BASE + 404])
    await index.remove(Kind.TWEET, [])
    assert await find(index, "hello") == [2]


async def test_people_are_found_by_handle_name_and_bio(index: SearchIndex) -> None:
    await index.put([person(1, "ada_l", "Ada Lovelace", "Wrote the first program"), person(2, "grace", "Grace Hopper")])
    for query, found in [("ada_l", [1]), ("lovelace", [1]), ("lovelcae", [1]), ("hop", [2]), ("program", [1]), ("@GRACE", [2])]:
        assert await find(index, query, kind=Kind.PERSON) == found, query


async def test_ids_are_listed_for_whoever_compares(index: SearchIndex) -> None:
    await index.put([*(tweet(number, "hello") for number in range(5)), person(9, "ada")])
    first = await index.ids(Kind.TWEET, 0, 3)
    assert first == [BASE, BASE + 1, BASE + 2]
    assert await index.ids(Kind.TWEET, first[-1], 3) == [BASE + 3, BASE + 4]
    assert await index.ids(Kind.PERSON, 0, 3) == [BASE + 9]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.text(max_size=40) | st.text(alphabet="ab\"-\\*:#@🎉()[]{}~^+&|!?/'=", max_size=30))
async def test_no_query_is_read_as_the_engines_own_language(index: SearchIndex, text: str) -> None:
    try:
        query = parse(text)
    except BadUserInput:
        return
    for grade in (None, *Grade):
        await index.find(Kind.TWEET, query, [grade], MAX_ID + 1, 10)


async def test_two_processes_use_one_folder(tmp_path: Path) -> None:
    one, other = open_index("tantivy:", tmp_path), open_index("tantivy:", tmp_path)
    for number, writer in enumerate([one, other, one, other]):
        await writer.put([tweet(number, "hello")])
        assert len(await find(one, "hello")) == len(await find(other, "hello")) == number + 1
    await one.close()
    await other.close()


async def test_who_writes_on_and_on_lets_another_write(tmp_path: Path) -> None:
    busy, other = open_index("tantivy:", tmp_path), open_index("tantivy:", tmp_path)
    written = 0

    async def write_on() -> None:
        nonlocal written
        while True:
            await busy.put([tweet(written, "hello")])
            written += 1

    writing = asyncio.create_task(write_on())
    async with asyncio.timeout(30):
        for number in range(1_000, 1_005):
            await other.put([tweet(number, "goodbye")])
            before = written

            async def goes_on(than: int = before) -> bool:
                return written > than

            await until(goes_on)
    writing.cancel()
    await asyncio.wait([writing])
    assert len(await find(other, "goodbye")) == 5
    assert len(await find(busy, "hello")) >= written
    for index in (busy, other):
        await index.close()
        await index.close()
