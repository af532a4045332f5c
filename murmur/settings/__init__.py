"""Settings, a file a concern. Only an entry point calls `load_settings`; every room below is handed its slice as values."""

import difflib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from murmur.errors import StartupError
from murmur.settings.base import PREFIX, Concern
from murmur.settings.content import ContentSettings
from murmur.settings.federation import FederationSettings
from murmur.settings.limits import LimitSettings
from murmur.settings.passwords import PasswordSettings
from murmur.settings.server import ServerSettings
from murmur.settings.stores import StoreSettings
from murmur.settings.timelines import TimelineSettings


@dataclass(frozen=True, slots=True)
class Settings:
    server: ServerSettings
    stores: StoreSettings
    federation: FederationSettings
    timelines: TimelineSettings
    limits: LimitSettings
    content: ContentSettings
    passwords: PasswordSettings


_CONCERNS: dict[str, type[Concern]] = {
    "server": ServerSettings,
    "stores": StoreSettings,
    "federation": FederationSettings,
    "timelines": TimelineSettings,
    "limits": LimitSettings,
    "content": ContentSettings,
    "passwords": PasswordSettings,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as an operator sees it. `origin` tells where the value came from."""

    concern: str
    name: str
    value: str
    origin: str
    description: str


def load_settings(environment: Mapping[str, str], **flags: object) -> Settings:
    """Settings from an environment; `flags` (a command's options, None where not given) win over it.

    Raises StartupError, in one line, for a name that is unknown, a value that does not fit, or what production forbids.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    known = {name.upper() for concern in _CONCERNS.values() for name in concern.model_fields}
    for name in environment:
        bare = name.upper().removeprefix(PREFIX)
        if name.upper().startswith(PREFIX) and bare not in known:
            near = difflib.get_close_matches(bare, known, 1)
            advice = f"did you mean {PREFIX}{near[0]}?" if near else "see `murmur settings show`"
            raise StartupError(f"unknown setting {name}; {advice}")
    try:
        settings = Settings(
            **{room: concern.read(environment, given) for room, concern in _CONCERNS.items()}  # pyright: ignore[reportArgumentType] (the table above gives each field its own class)
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else PREFIX
        raise StartupError(f"{name}={first.get('input')!r}: {first['msg']}") from error
    if settings.server.production:
        _check_production(settings)
    return settings


def _check_production(settings: Settings) -> None:
    if settings.server.explorer:
        raise StartupError(f"{PREFIX}EXPLORER=true: production serves no open explorer; leave it out")
    for name, url in settings.federation.subgraphs.items():
        if is_exposed(url):
            raise StartupError(f"{PREFIX}SUBGRAPHS: {name} is reached in plain text ({url}); production needs https://")


def is_exposed(url: str) -> bool:
    """Whether what is sent to `url` crosses a network in plain text."""
    parts = urlsplit(url)
    return parts.scheme != "https" and not _loopback(parts.hostname or "")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def shown(settings: Settings, environment: Mapping[str, str]) -> Iterator[Setting]:
    """Every setting for people to read; secrets are masked."""
    names = {name.upper() for name in environment}
    for room in fields(settings):
        concern: Concern = getattr(settings, room.name)
        for name, field in type(concern).model_fields.items():
            variable = PREFIX + name.upper()
            value = getattr(concern, name)
            text = "********" if isinstance(value, SecretStr) else str(value)
            yield Setting(room.name, variable, text, "environment" if variable in names else "default", field.description or "")
