"""The commands that look at things, and the demo, as an operator types them."""

import asyncio
import re
import sqlite3
import stat
from contextlib import aclosing
from pathlib import Path

from murmur.roles.looking import tail_events
from tests.support.city import City, cheap_settings, connections, founded, signed_in
from tests.support.program import PROGRAM, Finished, each, murmur, running
from tests.support.waiting import until

_ROOT = Path(__file__).parents[2]
_LOOK = {"COLUMNS": "200"}


async def test_what_was_posted_is_shown_by_timeline_events_and_export(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with founded(folder) as (city, platform):
        ada, bob = await city.people("ada", "bob")
        await ada.follow(bob)
        await ada.sees()
        tweet = await bob.tweet("[bold]not markup[/] & 漢字 😀")
        await ada.engage("like", tweet)
        await ada.sees(tweet)
        await platform.rooms.users.service.update_profile(int(ada.id), {"bio": "Analytical."})
    settings = {"MURMUR_DATA_DIR": str(folder)}
    timeline, short, events, last, export = await each(
        tmp_path / "each",
        (("timeline", "show", "ADA"), settings),
        (("timeline", "show", "ada", "--limit", "1"), settings),
        (("events", "tail"), settings),
        (("events", "tail", "--limit", "1"), settings),
        (("export",), settings),
    )
    for finished in (timeline, short, events, last, export):
        assert (finished.code, finished.err) == (0, ""), finished
    assert "[bold]not markup[/] & 漢字 😀" in timeline.out
    assert "bob" in timeline.out
    assert [line for line in events.out.splitlines() if "TweetPublished" in line or "published" in line.lower()], events.out
    assert f"tweet_id={tweet}" in events.out.replace("'", "")
    assert len(last.out.splitlines()) == 1
    assert last.out.splitlines()[0] in events.out.splitlines()
    assert f'"id":"{tweet}"' in export.out
    assert "Analytical." in export.out
    assert "correct horse" not in export.out + events.out


async def test_a_text_can_not_speak_to_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    rows = (
        b'{"type":"user","handle":"ada","name":"Ada"}\n{"type":"tweet","id":"2008119171891200000","author":"ada",'
        b'"text":"plain"}\n'
        b'{"type":"retweet","user":"ada","tweet":"2008119171891200000"}\n{"type":"user\\u001b[2J"}\n{"\\u001b[2J":1}\n'
    )
    imported = await murmur("import", "-", data_dir=folder, stdin=rows)
    assert imported.code == 0 and "3 rows added" in imported.err and "2 rejected" in imported.err, imported
    # As by a release that still let such texts in.
    with sqlite3.connect(folder / "tweets.db") as database:
        database.execute("UPDATE tweets SET text = ?", ("a\x1b]0;title\x07b\x9b2Jc\u202ed\u2066e\nf",))
    database.close()
    async with founded(folder):
        settings = {"MURMUR_DATA_DIR": str(folder), **_LOOK}
        timeline, events = await each(tmp_path / "each", (("timeline", "show", "ada"), settings), (("events", "tail"), settings))
    assert (timeline.code, events.code) == (0, 0), (timeline, events)
    assert "a\ufffd]0;title\ufffdb\ufffd2Jc\ufffdd\ufffde f" in timeline.out
    for text in (imported.err, timeline.out, events.out):
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e", "\u2066"}, text


async def test_following_the_log_from_its_beginning_loses_no_event(tmp_path: Path) -> None:
    async with founded(tmp_path) as (city, _), aclosing(tail_events(cheap_settings(tmp_path), 1, follow=True)) as lines:
        ada = await city.person("ada")
        first = asyncio.ensure_future(anext(lines))
        wanted = {int(await ada.tweet(f"number {number}")) for number in range(30)}
        async with asyncio.timeout(20):
            found = [await first]
            while len(found) < 30 or not wanted <= {line.fields.get("tweet_id") for line in found}:
                found.append(await anext(lines))
    places = [(line.topic, line.partition, line.offset) for line in found]
    assert len(set(places)) == len(places)


async def test_output_that_can_not_be_written_is_told_in_one_line_and_a_closed_pipe_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    imported = await murmur("import", "-", data_dir=folder, stdin=b'{"type":"user","handle":"ada","name":"Ada"}\n')
    assert imported.code == 0, imported
    for command in ("export", "settings show", "timeline show ada", "schema compose", "export /dev/full"):
        full = await _shell(f"{PROGRAM} {command} > /dev/full", folder)
        *bar, line = full.err.splitlines()
        assert full.code == 1 and line.startswith("murmur: ") and "No space left on device" in line, (command, full)
        assert not any("Traceback" in other for other in bar), full
    assert (await _shell("test -c /dev/full", folder)).code == 0
    for command in ("export", "settings show", "schema compose"):
        closed = await _shell(f"{{ {PROGRAM} {command}; echo $? >&2; }} | true", folder)
        assert closed.err == "1\n", (command, closed)
    full = await _shell(f"ulimit -f 1; PYTHONDONTWRITEBYTECODE=1 {PROGRAM} import --follows edges", folder)
    assert full.code == 1 and "Traceback" not in full.err, full


async def _shell(line: str, folder: Path) -> Finished:
    edges = folder.parent / "edges"
    edges.write_text("".join(f"a{number} b{number}\n" for number in range(5_000)))
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        line,
        cwd=folder.parent,
        env={"MURMUR_DATA_DIR": str(folder), "COLUMNS": "200"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return Finished(process.returncode or 0, out.decode(), err.decode())


async def test_an_export_replaces_what_a_link_names_and_all_files_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    target, link = tmp_path / "target.ndjson", tmp_path / "link.ndjson"
    target.write_text("what was there")
    link.symlink_to(target)
    imported = await murmur("import", "-", data_dir=folder, stdin=b'{"type":"user","handle":"ada","name":"Ada"}\n')
    exported = await murmur("export", str(link), data_dir=folder)
    assert (imported.code, exported.code) == (0, 0), (imported, exported)
    assert link.is_symlink()
    assert '"handle":"ada"' in target.read_text()
    for path in (target, *(path for path in folder.rglob("*") if path.is_file())):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_settings_show_names_each_setting_with_its_value_origin_and_meaning(tmp_path: Path) -> None:
    [shown] = await each(tmp_path / "each", (("settings", "show"), {"MURMUR_PORT": "4321", **_LOOK}))
    assert (shown.code, shown.err) == (0, "")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.out.splitlines() if "│" in line]
    by_name = {row[0]: row for row in rows if row[0]}
    assert by_name["MURMUR_PORT"][1:3] == ["4321", "environment"]
    assert by_name["MURMUR_HOST"][1:3] == ["127.0.0.1", "default"]
    assert {"MURMUR_USERS_URL", "MURMUR_TWEETS_URL", "MURMUR_TIMELINES_URL", "MURMUR_BROKER_URL"} <= by_name.keys()
    assert all(row[3] for row in by_name.values())


async def test_the_exported_schemas_are_fresh_compose_and_are_written_once(tmp_path: Path) -> None:
    copies = tmp_path / "schema"
    files = [f"{name}={_ROOT / 'schema' / name}.graphql=http://127.0.0.1:{port}/graphql" for name, port in _PORTS.items()]
    (tmp_path / "a.graphql").write_text("type Query { a: Int! }")
    (tmp_path / "b.graphql").write_text("type Query { b: Missing }")
    fresh, compose, composed, written, again, stale, failed = await each(
        tmp_path / "each",
        (("schema", "export", "--check", "--folder", str(_ROOT / "schema")), {}),
        (("schema", "compose"), {}),
        (("schema", "compose", *files), {}),
        (("schema", "export", "--folder", str(copies)), {}),
        (("schema", "export", "--folder", str(copies)), {}),
        (("schema", "export", "--check", "--folder", str(tmp_path)), {}),
        (("schema", "compose", f"a={tmp_path / 'a.graphql'}", f"b={tmp_path / 'b.graphql'}"), {}),
    )
    assert fresh == Finished(0, "", "")
    assert compose.out == composed.out == (_ROOT / "schema" / "supergraph.graphql").read_text()
    assert written.err == f"{len(_PORTS) + 2} files written\n"
    assert "is fresh" in again.err
    assert (copies / "api.graphql").read_bytes() == (_ROOT / "schema" / "api.graphql").read_bytes()
    assert stale.code == failed.code == 1
    assert "api.graphql" in stale.err
    # One line for each error of a composition, after one that says what they are.
    assert "Traceback" not in failed.err
    assert failed.err.splitlines()[0] == "murmur: the subgraphs do not compose:"
    assert "Missing" in failed.err.splitlines()[1]


_PORTS = {"users": 4001, "tweets": 4002, "timelines": 4003, "notifications": 4004, "search": 4005, "analytics": 4006}


async def test_the_demo_is_lively_and_seeding_it_again_changes_nothing(tmp_path: Path) -> None:
    settings = {"MURMUR_DATA_DIR": str(tmp_path / "data")}
    first, before, second, after, timeline = await each(
        tmp_path / "each",
        (("demo",), settings),
        (("export",), settings),
        (("demo",), settings),
        (("export",), settings),
        (("timeline", "show", "maya"), settings),
    )
    assert [finished.code for finished in (first, before, second, after, timeline)] == [0] * 5, (first, second)
    assert "rejected" not in first.err and "line " not in first.err, first.err
    assert first.out == second.out
    found = re.fullmatch(r"Sign in as (\w+) with the password (\S+)\n", first.out)
    assert found is not None
    assert len(before.out.splitlines()) > 300
    assert before.out == after.out
    assert len(timeline.out.splitlines()) > 20
    await _is_shown(tmp_path / "data", found[1], found[2])


async def _is_shown(folder: Path, handle: str, password: str) -> None:
    """The platform that runs on the demo's folder names its account, which can sign in and has something to read."""
    async with running("up", "--demo", data_dir=folder) as program, connections(program.url, 1) as [door]:
        shown = f"Sign in as {handle} with the password {password}"

        async def told() -> bool:
            return shown in program.log

        await until(told)
        document = "mutation ($input: SignInInput!) { signIn(input: $input) { user { id handle } accessToken } }"
        session = (await City(door).nobody.ask(document, input={"handle": handle, "password": password}))["signIn"]
        assert len(await signed_in(door, session).home()) > 20
        assert await program.stop() == 0


async def test_help_names_every_command() -> None:
    shown = await murmur("--help")
    for command in ("up", "demo", "import", "export", "timeline", "events", "settings", "schema"):
        assert re.search(rf"\b{command}\b", shown.out), command
