"""What may be posted."""

from pathlib import Path

from pydantic import Field

from murmur.settings.base import Concern


class ContentSettings(Concern):
    prohibited_file: Path | None = Field(None, description="TOML file of prohibited terms and link domains; none by default.")
