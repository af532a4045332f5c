"""Settings, a file a concern. Only an entry point calls `load_settings`; every room below is handed its slice as values."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from pydantic import SecretStr, ValidationError

from murmur.errors import StartupError
from murmur.settings.base import PREFIX, Concern
from murmur.settings.content import ContentSettings
from murmur.settings.federation import FederationSettings
from murmur.settings.keys import KeySettings
from murmur.settings.limits import LimitSettings
from murmur.settings.passwords import PasswordSettings
from murmur.settings.production import check_engine, is_exposed
from murmur.settings.server import ServerSettings
from murmur.settings.stores import StoreSettings
from murmur.settings.timelines import TimelineSettings
from murmur.settings.tls import TlsSettings
from murmur.settings.trends import TrendSettings
from murmur.urls import without_password


@dataclass(frozen=True, slots=True)
class Settings:
    server: ServerSettings
    stores: StoreSettings
    federation: FederationSettings
    timelines: TimelineSettings
    trends: TrendSettings
    limits: LimitSettings
    content: ContentSettings
    passwords: PasswordSettings
    keys: KeySettings
    tls: TlsSettings


_CONCERNS: dict[str, type[Concern]] = {
    "server": ServerSettings,
    "stores": StoreSettings,
    "federation": FederationSettings,
    "timelines": TimelineSettings,
    "trends": TrendSettings,
    "limits": LimitSettings,
    "content": ContentSettings,
    "passwords": PasswordSettings,
    "keys": KeySettings,
    "tls": TlsSettings,
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

    A setting may also be given by the file that holds it, named by the setting's name and `_FILE`: so secrets stay out of the
    environment. Raises StartupError, in one line, for a name that is unknown, a value that does not fit, or what production
    forbids.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    known = {name.upper() for concern in _CONCERNS.values() for name in concern.model_fields}
    environment = _with_files(environment, known)
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
        told = first["msg"].removeprefix("Value error, ")
        if first["loc"]:
            told = f"{PREFIX}{str(first['loc'][0]).upper()}={first.get('input')!r}: {told}"
        raise StartupError(told) from error
    if settings.server.production:
        _check_production(settings)
    return settings


def _check_production(settings: Settings) -> None:
    if settings.server.explorer:
        raise StartupError(f"{PREFIX}EXPLORER=true: production serves no open explorer; leave it out")
    for name, url in settings.federation.subgraphs.items():
        if is_exposed(url):
            raise StartupError(f"{PREFIX}SUBGRAPHS: {name} is reached in plain text ({url}); production needs https://")
    for name, url in vars(settings.stores).items():
        if name.endswith("_url"):
            check_engine(PREFIX + name.upper(), url, plaintext=settings.tls.plaintext_engines)


def _with_files(environment: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """The environment with what files hold in the place of the variables that name the files."""
    values = dict(environment)
    for variable, path in environment.items():
        name = variable.removesuffix("_FILE")
        if name == variable or name.removeprefix(PREFIX) not in known or variable.removeprefix(PREFIX) in known:
            continue
        if name in environment:
            raise StartupError(f"{name} and {variable} are both given; leave one out")
        try:
            values[name] = Path(values.pop(variable)).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StartupError(f"{variable}={path}: the file can't be read") from error
    return values


def shown(settings: Settings, environment: Mapping[str, str]) -> Iterator[Setting]:
    """Every setting for people to read; secrets are masked."""
    names = {name.upper() for name in environment}
    for room in fields(settings):
        concern: Concern = getattr(settings, room.name)
        for name, field in type(concern).model_fields.items():
            variable = PREFIX + name.upper()
            value = getattr(concern, name)
            text = "********" if isinstance(value, SecretStr) else without_password(str(value))
            origin = "environment" if variable in names else "file" if f"{variable}_FILE" in names else "default"
            yield Setting(room.name, variable, text, origin, field.description or "")
