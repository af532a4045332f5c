"""Where the platform listens and keeps its data, and what it shows to whom."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from murmur.settings.base import Concern


class ServerSettings(Concern):
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(Path(".murmur"), description="Folder of the embedded stores and the signing keys.")
    env: Literal["development", "production"] = Field(
        "development", description="With `production` nothing starts that is only fit for trying out."
    )
    explorer: bool | None = Field(None, description="Serve GraphiQL at /graphql; by default only outside production.")
    client: bool = Field(True, description="Serve the web client at /.")
    published_only: bool = Field(False, description="Run published documents alone, whoever asks; GraphiQL can run nothing then.")
    query_plans: bool | None = Field(
        None, description="Answer with the query plan when asked; by default only outside production."
    )
    allowed_origins: tuple[str, ...] = Field((), description="Origins of web pages that may call the API (CORS), as a JSON list.")
    admins: tuple[int, ...] = Field(
        (),
        description="Ids of the people who may see what is for admins, as a JSON list; the users subgraph tells it by their "
        "access tokens.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description='Networks whose X-Forwarded-For is believed, as a JSON list such as `["10.0.0.0/8"]`.'
    )
    drain_notice: float = Field(
        0.0,
        ge=0,
        le=60,
        description="Seconds for which a role that is stopped says that it is not ready and goes on answering.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least severe log lines to write.")

    @property
    def production(self) -> bool:
        return self.env == "production"
