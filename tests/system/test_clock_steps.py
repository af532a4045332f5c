"""The machine's clock steps back an hour beside a platform that runs, and before one that starts."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from tests.conftest import needs
from tests.support.city import City, Person, door_to, signed_in
from tests.support.program import murmur, running

_LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
_HOUR = timedelta(hours=1)


def _clock(file: Path) -> tuple[dict[str, str], Callable[[timedelta], None]]:
    """Settings of a program whose wall clock differs from the machine's by what is set last."""

    def set_(difference: timedelta) -> None:
        file.write_text(f"{difference.total_seconds():+.0f}")

    set_(timedelta())
    settings = {
        "LD_PRELOAD": str(_LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # A step of the wall clock does not touch what time-outs are measured by.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return settings, set_


def _time(somebody: Person) -> datetime:
    """What the platform's clock said when somebody signed up, and a while: when their token expires."""
    return datetime.fromisoformat(somebody.session["expiresAt"])


async def test_ids_rise_and_everything_goes_on_when_the_clock_steps_back_an_hour(tmp_path: Path) -> None:
    needs(None if _LIBRARY else "libfaketime not found: apt-get install libfaketime")
    folder = tmp_path / "data"
    clock, set_clock = _clock(tmp_path / "clock")
    async with running("up", data_dir=folder, **clock) as program, aiohttp.ClientSession() as session:
        city = City(door_to(program.url, session))
        ada, bob = await city.people("ada", "bob")
        await ada.follow(bob)
        await ada.home()
        ids = [await bob.tweet(f"before {number}") for number in range(3)]
        set_clock(-_HOUR)
        cyd = await city.person("cyd")
        assert _time(cyd) < _time(bob) - _HOUR / 2, "the clock did not step back"
        for number in range(3):
            ids += sorted(await asyncio.gather(*(bob.tweet(f"after {number}: {each}") for each in range(20))), key=int)
        await ada.sees(*reversed(ids))
        await ada.engage("like", ids[-1])
        await program.kill()
    set_clock(-2 * _HOUR)
    async with running("up", data_dir=folder, **clock) as program, aiohttp.ClientSession() as session:
        city = City(door_to(program.url, session))
        ada, bob = (signed_in(city.door, person.session) for person in (ada, bob))
        ids.append(await bob.tweet("after a restart"))
        assert list(map(int, ids)) == sorted(set(map(int, ids)))
        await ada.sees(*reversed(ids))
        dan = await city.person("dan")
        assert _time(dan) < _time(bob) - 1.5 * _HOUR
        await dan.follow(bob)
        await dan.sees(*reversed(ids))
        assert await program.stop() == 0, program.log
    audited = await murmur("audit", data_dir=folder)
    assert audited.code == 0, audited
