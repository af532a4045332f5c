"""People, follows and tweets in and out of data folders."""

import io
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import pytest

from murmur.archive.importing import Progress, Tally
from murmur.ids import first_id_at
from murmur.roles.archive import export_archive, import_archive, import_follows
from tests.support.city import City, Person, cheap_settings, founded
from tests.support.program import murmur
from tests.support.waiting import until


@dataclass
class _Import:
    tally: Tally
    rejected: list[tuple[int, str]] = field(default_factory=list)


async def _import(folder: Path, lines: Iterable[bytes], *, edges: bool = False, mutual: bool = False) -> _Import:
    rejected: list[tuple[int, str]] = []
    progress = Progress(lambda _size: None, lambda line, reason: rejected.append((line, reason)))
    settings = cheap_settings(folder)
    if edges:
        tally = await import_follows(settings, lines, progress, mutual=mutual)
    else:
        tally = await import_archive(settings, lines, progress)
    return _Import(tally, rejected)


async def _export(folder: Path) -> bytes:
    out = io.BytesIO()
    await export_archive(cheap_settings(folder), out, lambda _size: None)
    return out.getvalue()


def _lines(*rows: object) -> list[bytes]:
    return [(row if isinstance(row, bytes) else orjson.dumps(row)) + b"\n" for row in rows]


async def test_exporting_wiping_importing_and_exporting_again_gives_the_same_bytes(tmp_path: Path) -> None:
    async with founded(tmp_path / "first") as (city, _):
        await _live_a_little(city)
    exported = await _export(tmp_path / "first")
    kinds = {orjson.loads(line)["type"] for line in exported.splitlines()}
    assert kinds == {"user", "follow", "block", "mute", "tweet", "retweet", "like", "bookmark"}
    assert b"password" not in exported and b"@example.org" not in exported
    again = await _import(tmp_path / "second", exported.splitlines(keepends=True))
    assert again.rejected == []
    assert again.tally.added == len(exported.splitlines())
    assert await _export(tmp_path / "second") == exported
    twice = await _import(tmp_path / "second", exported.splitlines(keepends=True))
    assert twice.tally == Tally(added=0, unchanged=len(exported.splitlines()), rejected=0)
    assert await _export(tmp_path / "second") == exported
    # The folder that it came from takes it as well, and knows it all.
    assert (await _import(tmp_path / "first", exported.splitlines(keepends=True))).tally.added == 0
    assert await _export(tmp_path / "first") == exported


async def _live_a_little(city: City) -> None:
    """All kinds of rows, and what is left when tweets are deleted and follows end."""
    ada, bob, cyd, dan = await city.people("ada", "Bob", "cyd", "dan")
    profile = {"name": "Ada ⚙️", "bio": "Line one\nline two", "location": "Zürich", "website": "https://example.org/ada"}
    await ada.ask("mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id } } }", input=profile)
    for person in (bob, cyd, dan):
        await person.follow(ada)
    await ada.follow(bob, dan)
    await dan.relate("unfollow", ada)
    await ada.relate("block", cyd)
    await bob.relate("mute", dan)
    root = await ada.tweet('A "root" \\ with <marks>\nand 漢字 😀 #tag @Bob https://example.org/x?a=b&c=d')
    reply = await bob.tweet("a reply", inReplyTo=root)
    quote = await dan.tweet("a quote", quotes=root)
    gone = await bob.tweet("gone", inReplyTo=reply, quotes=quote)
    below = await ada.tweet("below what is gone", inReplyTo=gone)
    about = await ada.tweet("about what is gone", quotes=gone)
    for verb in ("like", "retweet", "bookmark"):
        for tweet in (root, gone, below, about):
            await bob.engage(verb, tweet)
    await dan.engage("like", quote)
    await dan.engage("unlike", quote)
    await bob.engage("deleteTweet", gone)


async def test_imported_people_and_tweets_are_counted_and_threaded_as_those_that_were_posted(tmp_path: Path) -> None:
    async with founded(tmp_path / "first") as (city, _):
        await _live_a_little(city)
        before = await _shown(city.nobody)
    await _import(tmp_path / "second", (await _export(tmp_path / "first")).splitlines(keepends=True))
    async with founded(tmp_path / "second") as (city, _):
        assert await _shown(city.nobody) == before


async def _shown(viewer: Person) -> Any:
    tweet = "id text createdAt deleted likeCount retweetCount replyCount quoteCount inReplyTo { id } quoted { id deleted }"
    listed = f"nodes {{ {tweet} ancestors {{ id deleted }} likedBy {{ nodes {{ handle }} }} }}"
    document = f"""query ($handle: String) {{ user(handle: $handle) {{
      id handle name bio location website createdAt followerCount followingCount tweetCount
      followers {{ nodes {{ handle }} }} tweets {{ {listed} }} replies {{ {listed} }} likes {{ {listed} }}
      timeline {{ nodes {{ tweet {{ id }} retweetedBy {{ handle }} }} }}
    }} }}"""
    return [await viewer.ask(document, handle=handle) for handle in ("ada", "bob", "cyd", "dan")]


_AT = "2026-01-05T10:00:00.000Z"
_ID = str(first_id_at(1_767_607_200_000))
_GOOD = (
    {"type": "user", "handle": "ada", "name": "Ada", "createdAt": _AT},
    {"type": "user", "handle": "bob", "name": "Bob", "createdAt": _AT},
    {"type": "follow", "follower": "bob", "followee": "ada", "createdAt": _AT},
    {"type": "tweet", "id": _ID, "author": "ada", "text": "Hello", "createdAt": _AT},
    {"type": "like", "user": "bob", "tweet": _ID, "createdAt": _AT},
)
_BAD = (
    (b"not JSON at all", ""),
    (b"\xff\xfe", ""),
    (b"null", ""),
    (b"[]", ""),
    (b"[" * 5_000, ""),
    ({"type": "planet", "name": "Mars"}, "planet"),
    ({"handle": "eve", "name": "Eve"}, "type"),
    ({"type": "user", "handle": "eve"}, "name"),
    ({"type": "user", "handle": "eve", "name": "Eve", "shoes": 42}, "shoes"),
    ({"type": "user", "handle": "e e", "name": "Eve"}, "letters"),
    ({"type": "user", "id": _ID, "handle": "ADA", "name": "Another"}, "somebody else has that handle"),
    ({"type": "user", "handle": "eve", "name": ""}, "name"),
    ({"type": "user", "handle": "eve", "name": "Eve", "website": "javascript:alert(1)"}, "http"),
    ({"type": "user", "handle": "eve", "name": "Eve", "createdAt": "yesterday"}, "createdAt"),
    ({"type": "user", "handle": "eve", "name": "Eve", "id": "-1"}, "id"),
    ({"type": "follow", "follower": "bob", "followee": "nobody"}, "'nobody'"),
    ({"type": "follow", "follower": "bob", "followee": "bob"}, "self"),
    ({"type": "tweet", "author": "nobody", "text": "x", "createdAt": _AT}, "'nobody'"),
    ({"type": "tweet", "author": "ada", "text": "", "createdAt": _AT}, "empty"),
    ({"type": "tweet", "author": "ada", "text": "a" * 281, "createdAt": _AT}, "280"),
    ({"type": "tweet", "author": "ada", "text": "x", "inReplyTo": "77", "createdAt": _AT}, "unknown"),
    ({"type": "tweet", "author": "ada", "text": "when?"}, "needs its time or its id"),
    ({"type": "tweet", "author": "ada", "text": "x", "createdAt": "2126-01-01T00:00:00Z"}, "future"),
    ({"type": "tweet", "id": _ID, "author": "bob", "text": "mine", "createdAt": _AT}, "another tweet has this id"),
    ({"type": "tweet", "author": "ada", "text": 7}, "str"),
    ({"type": "like", "user": "bob", "tweet": "77"}, "no such tweet"),
    ({"type": "like", "user": "bob", "tweet": "x"}, "'x' is not an id"),
)


async def test_a_bad_line_is_reported_by_number_and_reason_and_the_rest_is_kept(tmp_path: Path) -> None:
    dice = random.Random(5)
    rows: list[tuple[object, str | None]] = [(row, None) for row in _GOOD]
    for bad in _BAD:
        rows.insert(dice.randint(3, len(rows)), bad)
    # What the rows name comes before them; empty lines are none.
    rows = [*((row, None) for row in _GOOD[:4]), *(row for row in rows if row[0] not in _GOOD[:4])]
    done = await _import(tmp_path, _lines(*(row for row, _ in rows), b"", b"   "))
    expected = {number: reason for number, (_, reason) in enumerate(rows, 1) if reason is not None}
    assert {number for number, _ in done.rejected} == expected.keys()
    for number, reason in done.rejected:
        assert expected[number] in reason, (number, rows[number - 1], reason)
        assert "\n" not in reason and len(reason) < 300
    assert done.tally == Tally(added=len(_GOOD), rejected=len(_BAD))
    assert len((await _export(tmp_path)).splitlines()) == len(_GOOD)


async def test_an_edge_list_adds_people_and_follows_and_reports_what_is_no_edge(tmp_path: Path) -> None:
    lines = [b"# a comment\n", b"ada bob\n", b"bob,cyd\n", b"cyd\tada 0.5 weight\n", b"\n", b"lonely\n", b"ada ada\n"]
    lines += [b"ada not-a-handle\n", b"\xff \xfe\n", b"% another comment\n", b"ADA bob\n", b"dan ada"]
    done = await _import(tmp_path, lines, edges=True)
    assert sorted(number for number, _ in done.rejected) == [6, 7, 8, 9]
    assert done.tally.added == 4 + 4
    again = await _import(tmp_path, lines, edges=True)
    assert (again.tally.added, again.tally.rejected) == (0, 4)
    follows = await _follows(tmp_path)
    assert follows == {("ada", "bob"), ("bob", "cyd"), ("cyd", "ada"), ("dan", "ada")}
    mutual = await _import(tmp_path, [b"ada bob\n", b"dan eve\n"], edges=True, mutual=True)
    assert mutual.rejected == []
    assert await _follows(tmp_path) == follows | {("bob", "ada"), ("dan", "eve"), ("eve", "dan")}


async def _follows(folder: Path) -> set[tuple[str, str]]:
    rows = [orjson.loads(line) for line in (await _export(folder)).splitlines()]
    return {(row["follower"], row["followee"]) for row in rows if row["type"] == "follow"}


async def test_imported_tweets_reach_timelines_of_a_running_platform_in_the_order_of_their_own_times(tmp_path: Path) -> None:
    """By the program, in another process, from standard input; also to people who were there before."""
    folder = tmp_path / "data"
    async with founded(folder) as (city, _):
        [ada, bob] = await city.people("ada", "bob")
        await ada.follow(bob)
        now = await bob.tweet("of now")
        await ada.sees(now)
        at = "2026-01-{:02}T10:00:00.000Z"
        days = [5, 3, 9, 1, 7]
        rows = [
            {"type": "user", "handle": "cyd", "name": "Cyd"},
            {"type": "follow", "follower": "ada", "followee": "cyd"},
            *(
                {"type": "tweet", "author": ("bob", "cyd")[day % 3 == 0], "text": f"day {day}", "createdAt": at.format(day)}
                for day in days
            ),
        ]
        finished = await murmur("import", "-", data_dir=folder, stdin=b"".join(_lines(*rows)))
        assert finished.code == 0, finished
        assert f"{len(rows)} rows added" in finished.err
        texts = ["of now", *(f"day {day}" for day in sorted(days, reverse=True))]

        async def shown() -> list[str]:
            return [entry["tweet"]["text"] for entry in await ada.home()]

        await _until_equal(shown, texts)
        assert [entry["tweet"]["text"] for entry in await ada.timeline_of("cyd")] == ["day 9", "day 3"]
        dan = await city.person("dan")
        await dan.follow(bob)
        late = await murmur(
            "import", str(_file(tmp_path, {"type": "like", "user": "dan", "tweet": now}, b"junk")), data_dir=folder
        )
        assert late.code == 0
        assert "line 2: " in late.err and "1 rows added, 0 were there already, 1 rejected" in late.err
        assert (await ada.ask("query ($id: ID!) { tweet(id: $id) { likeCount } }", id=now))["tweet"]["likeCount"] == 1
    # Another life, whose timelines are built from the stores, shows the same.
    async with founded(folder) as (city, _):
        ada.door = city.door
        assert await shown() == texts


async def _until_equal(ask: Callable[[], Awaitable[object]], expected: object) -> None:
    found: list[object] = []

    async def same() -> bool:
        found[:] = [await ask()]
        return found == [expected]

    try:
        await until(same, 15)
    except TimeoutError:
        raise AssertionError(f"{found} instead of {expected}") from None


def _file(folder: Path, *rows: object) -> Path:
    path = folder / "rows.ndjson"
    path.write_bytes(b"".join(_lines(*rows)))
    return path


async def test_thousands_of_rows_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many is printed, not asserted; that all arrive is asserted."""
    dice = random.Random(3)
    edges = list({(dice.randrange(1_000), dice.randrange(1_000)) for _ in range(12_000)})
    edges = [(a, b) for a, b in edges if a != b]
    tweets = [
        {"type": "tweet", "author": f"p{dice.randrange(1_000)}", "text": f"row {n} #x", "createdAt": _AT} for n in range(5_000)
    ]
    started = perf_counter()
    follows = await _import(tmp_path, [b"p%d p%d\n" % edge for edge in edges], edges=True)
    between = perf_counter()
    posts = await _import(tmp_path, _lines(*tweets))
    ended = perf_counter()
    assert follows.rejected == [] and follows.tally.added >= len(edges)
    assert posts.rejected == [] and posts.tally.added == len(tweets)
    with capsys.disabled():
        print(f"\n{len(edges) / (between - started):,.0f} follows/s, {len(tweets) / (ended - between):,.0f} tweets/s")  # noqa: T201
