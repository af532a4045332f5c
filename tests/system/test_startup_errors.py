"""What goes wrong before anything runs: one clear line, a non-zero exit, no traceback."""

import socket
import sqlite3
from pathlib import Path

import pytest

from tests.support.program import Finished, each, murmur, running


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files that can't be what they are taken for."""
    (tmp_path / "file").write_text("a file, not a folder")
    (tmp_path / "rules.toml").write_text("terms = [[[")
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "users.db").write_bytes(b"this is no database " * 500)
    (tmp_path / "newer").mkdir()
    with sqlite3.connect(tmp_path / "newer" / "tweets.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    return tmp_path


async def test_a_setting_or_argument_that_does_not_fit_is_told_in_one_line(files: Path) -> None:
    up = ("up", "--port", "0")
    cases: list[tuple[tuple[str, ...], dict[str, str], str]] = [
        (up, {"MURMUR_PROT": "80"}, "unknown setting MURMUR_PROT; did you mean MURMUR_PORT?"),
        (up, {"MURMUR_XYZZY": "1"}, "unknown setting MURMUR_XYZZY; see `murmur settings show`"),
        (("settings", "show"), {"MURMUR_DATA_DRI": "x"}, "did you mean MURMUR_DATA_DIR?"),
        (up, {"MURMUR_PLAN_CACHE": "many"}, "MURMUR_PLAN_CACHE='many'"),
        (("up",), {"MURMUR_PORT": "70000"}, "MURMUR_PORT='70000'"),
        (("up", "--port", "70000"), {}, "MURMUR_PORT=70000"),
        (up, {"MURMUR_REQUEST_TIMEOUT": "-1"}, "MURMUR_REQUEST_TIMEOUT='-1'"),
        (up, {"MURMUR_ENV": "prod"}, "MURMUR_ENV='prod'"),
        (up, {"MURMUR_LOG_LEVEL": "LOUD"}, "MURMUR_LOG_LEVEL='LOUD'"),
        (up, {"murmur_prot": "80"}, "unknown setting murmur_prot; did you mean MURMUR_PORT?"),
        (
            up,
            {"MURMUR_SUBGRAPHS": "tweets=http://127.0.0.1:1"},
            "MURMUR_SUBGRAPHS='tweets=http://127.0.0.1:1': lists and objects",
        ),
        (up, {"MURMUR_SUBGRAPHS": '{"timelines": "http://127.0.0.1:1/graphql"}'}, "timelines can't be a process of its own"),
        (("subgraph", "timelines", "--port", "0"), {}, "timelines can't be a process of its own"),
        (up, {"MURMUR_SUBGRAPHS": '{"tweats": "http://127.0.0.1:1/graphql"}'}, "there is no subgraph 'tweats'"),
        (up, {"MURMUR_TRUSTED_PROXIES": '["ten"]'}, "MURMUR_TRUSTED_PROXIES"),
        (up, {"MURMUR_SIGNIN_PER_ACCOUNT": "often"}, "often"),
        (up, {"MURMUR_USERS_URL": "oracle:"}, "oracle"),
        (up, {"MURMUR_TWEETS_URL": "mongodb://127.0.0.1"}, "mongodb"),
        (up, {"MURMUR_TIMELINES_URL": "paper:"}, "paper"),
        (up, {"MURMUR_BROKER_URL": "pigeon:"}, "pigeon"),
        (up, {"MURMUR_PROHIBITED_FILE": str(files / "missing.toml")}, "missing.toml"),
        (up, {"MURMUR_PROHIBITED_FILE": str(files / "rules.toml")}, "rules.toml"),
        (up, {"MURMUR_ENV": "production", "MURMUR_EXPLORER": "true"}, "MURMUR_EXPLORER"),
        (
            up,
            {"MURMUR_ENV": "production", "MURMUR_SUBGRAPHS": '{"tweets": "http://192.0.2.1/graphql"}'},
            "plain text",
        ),
        (("up", "--host", "192.0.2.1", "--port", "0"), {}, "192.0.2.1"),
        (("up", "--host", "no.such.host.invalid", "--port", "0"), {}, "no.such.host.invalid"),
        ((*up, "--data-dir", str(files / "file" / "data")), {}, "can't write the data folder"),
        ((*up, "--data-dir", str(files / "file")), {}, "can't write the data folder"),
        ((*up, "--data-dir", "/proc/murmur"), {}, "can't write the data folder /proc/murmur"),
        ((*up, "--data-dir", str(files / "garbage")), {}, "users.db"),
        ((*up, "--data-dir", str(files / "newer")), {}, "newer release"),
        (("subgraph", "tweats"), {}, "there is no subgraph 'tweats'; the subgraphs are: users, tweets, timelines"),
        (("import",), {}, "name a file to import"),
        (("import", str(files / "file"), "--mutual"), {}, "give it with --follows FILE"),
        (("import", str(files / "missing.ndjson")), {}, "missing.ndjson"),
        (("import", "--follows", str(files)), {}, "can't read"),
        (("export", str(files / "file" / "out.ndjson")), {}, "can't write"),
        *(
            ((*command, "--data-dir", str(files / "missing")), {}, f"there is no data folder {files / 'missing'}")
            for command in (("timeline", "show", "ada"), ("events", "tail"), ("export",), ("export", str(files / "new.ndjson")))
        ),
        (("timeline", "show", "nobody"), {}, "nobody has the handle 'nobody'"),
        (("schema", "export", "--check", "--folder", str(files / "empty")), {}, "stale"),
        (("schema", "compose", "a"), {}, "NAME=FILE"),
        (("schema", "compose", f"a={files / 'missing.graphql'}"), {}, "can't read"),
    ]
    commands = [(arguments, {"MURMUR_DATA_DIR": str(files / "data"), **settings}) for arguments, settings, _ in cases]
    finished = await each(files / "each", *commands)
    wrong = [
        f"{arguments} {settings} ({word}): {problem}"
        for (arguments, settings, word), command in zip(cases, finished, strict=True)
        if (problem := _not_one_line(command, word))
    ]
    assert not wrong, "\n".join(wrong)
    assert not (files / "missing").exists()


async def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        finished = await murmur("up", "--port", port, data_dir=tmp_path / "data")
    assert _not_one_line(finished, f"port {port} on 127.0.0.1 is in use") is None, finished


async def test_a_second_platform_on_one_folder_is_told_in_one_line_and_the_first_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with running("up", data_dir=folder) as first:
        second = await murmur("up", "--port", "0", data_dir=folder)
        assert _not_one_line(second, f"another murmur runs on the data folder {folder}") is None, second
        assert await first.stop() == 0


def _not_one_line(finished: Finished, word: str) -> str | None:
    """What a command wrote and returned, unless it is one clear line and a failure."""
    lines = finished.err.splitlines()
    fine = len(lines) == 1 and lines[0].startswith("murmur: ") and word in lines[0]
    return None if fine and finished.code == 1 and not finished.out else f"exit {finished.code}\n{finished.err}{finished.out}"
