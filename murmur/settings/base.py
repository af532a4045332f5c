"""The base of every concern's settings."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from murmur.errors import StartupError

PREFIX = "MURMUR_"


class Concern(BaseSettings):
    """Values of one concern, each named `MURMUR_` and its name in an environment, checked once."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (the library's signature)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (as above)
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (as above)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (as above)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is handed over and nothing else: the process's own environment is read by entry points alone."""
        return (init_settings,)

    @classmethod
    def read(cls, environment: Mapping[str, str], flags: Mapping[str, object]) -> Self:
        """Values from `environment`; those of `flags` that are of this concern win over them.

        Raises StartupError for what should be JSON and is none, and pydantic's ValidationError for a value that does not fit.
        """
        source = _Environment(cls)
        source.env_vars = {name.lower(): value for name, value in environment.items()}
        values: dict[str, Any] = source()
        return cls(**{**values, **{name: value for name, value in flags.items() if name in cls.model_fields}})


class _Environment(EnvSettingsSource):
    """Names the variable where the library would name its own classes."""

    def prepare_field_value(self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        try:
            return super().prepare_field_value(field_name, field, value, value_is_complex)
        except ValueError as error:
            raise StartupError(f"{PREFIX}{field_name.upper()}={value!r}: lists and objects are written as JSON") from error
