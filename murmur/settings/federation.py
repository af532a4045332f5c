"""How the gateway reaches each subgraph."""

from pydantic import Field

from murmur.settings.base import Concern


class FederationSettings(Concern):
    subgraphs: dict[str, str] = Field(
        default_factory=dict,
        description='Subgraphs reached over HTTP, as a JSON object such as `{"tweets": "http://127.0.0.1:4001/graphql"}`; '
        "a subgraph that is not named runs in the gateway's process.",
    )
    subgraph_timeout: float = Field(5.0, gt=0, le=60, description="Seconds that a fetch from a subgraph may take.")
    request_timeout: float = Field(10.0, gt=0, le=120, description="Seconds that a whole request may take.")
    plan_cache: int = Field(2_000, ge=1, description="How many planned operations are kept.")
