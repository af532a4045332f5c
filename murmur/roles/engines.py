"""What the engines that the settings name say of themselves, and what they lack."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from murmur.broker.ports import Broker
from murmur.engines import Engine, Report, engine_of
from murmur.errors import Unavailable
from murmur.roles.stores import Stores
from murmur.settings import Settings
from murmur.urls import without_password
from workers.groups import GROUPS

_CHECK_SECONDS = 30.0
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Checked:
    """An engine as it was found: `report` is None where nothing is remote, or where `failure` says why nothing was told.

    `made` is what was mended. `behind` is of the event log: how many events each consumer group has yet to work off; None
    where that can't be told.
    """

    store: str
    url: str
    report: Report | None = None
    failure: str | None = None
    made: Sequence[str] = ()
    behind: Mapping[str, int] | None = None

    @property
    def sound(self) -> bool:
        return self.failure is None and not (self.report and self.report.missing)


async def check_engines(settings: Settings, *, apply: bool, patience: float) -> list[Checked]:
    """Every store that the settings name, in the order in which they are opened; with `apply` mended where that is possible.

    An engine that does not answer is asked again for `patience` seconds. Raises StartupError.
    """
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        stores.open_all()
        deadline = asyncio.get_running_loop().time() + patience
        urls = {name: without_password(getattr(settings.stores, f"{name}_url")) for name in stores.opened}
        checks = (_checked(name, urls[name], engine_of(store), deadline, apply=apply) for name, store in stores.opened.items())
        found = await asyncio.gather(*checks)
        # After the log's own check, which may have made its topics.
        behind = await _behind(stores.broker)
        return [replace(checked, behind=behind) if checked.store == "broker" else checked for checked in found]


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


async def _behind(broker: Broker) -> Mapping[str, int] | None:
    """None where the log does not answer or lacks a topic: its own check tells."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return {group: await broker.lag(group, topics) for group, topics in GROUPS.items()}
    except (Unavailable, TimeoutError):
        return None
