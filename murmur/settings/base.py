"""The base of every concern's settings."""

from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MURMUR_"


class Concern(BaseSettings):
    """Values from the environment (`MURMUR_` before each name), checked once, when an entry point asks for them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)
