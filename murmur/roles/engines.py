"""What the engines that the settings name say of themselves, and what they lack."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from murmur.engines import Engine, Report, engine_of
from murmur.errors import Unavailable
from murmur.roles.stores import Stores
from murmur.settings import Settings
from murmur.settings.production import without_password

_CHECK_SECONDS = 30.0
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Checked:
    """An engine as it was found: `report` is None where nothing is remote, or where `failure` says why nothing was told.

    `made` is what was mended.
    """

    store: str
    url: str
    report: Report | None = None
    failure: str | None = None
    made: Sequence[str] = ()

    @property
    def sound(self) -> bool:
        return self.failure is None and not (self.report and self.report.missing)


async def check_engines(settings: Settings, *, apply: bool, patience: float) -> list[Checked]:
    """Every store that the settings name, in the order in which they are opened; with `apply` mended where that is possible.

    An engine that does not answer is asked again for `patience` seconds. Raises StartupError.
    """
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        urls = _urls(settings)
        for name in urls:
            getattr(stores, name)
        deadline = asyncio.get_running_loop().time() + patience
        opened = [(name, url, engine_of(getattr(stores, name))) for name, url in urls.items()]
        return await asyncio.gather(*(_checked(name, url, engine, deadline, apply=apply) for name, url, engine in opened))


def _urls(settings: Settings) -> Mapping[str, str]:
    """By the name of each store, which is that of its setting. Node ids are leased, not stored, and have no check."""
    urls = {name.removesuffix("_url"): url for name, url in settings.stores if name.endswith("_url")}
    return {name: without_password(url) for name, url in urls.items() if hasattr(Stores, name)}


async def _checked(name: str, url: str, engine: Engine | None, deadline: float, *, apply: bool) -> Checked:
    if engine is None:
        return Checked(name, url)
    while True:
        try:
            made = await engine.apply() if apply else ()
            async with asyncio.timeout(_CHECK_SECONDS):
                return Checked(name, url, await engine.check(), made=made)
        except (Unavailable, TimeoutError) as error:
            failure = str(error) or f"no answer within {_CHECK_SECONDS:g} seconds"
        if asyncio.get_running_loop().time() + _RETRY_SECONDS > deadline:
            return Checked(name, url, failure=failure)
        await asyncio.sleep(_RETRY_SECONDS)
