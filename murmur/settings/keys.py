"""Where the platform's signing keys are. Development makes what is not named; see docs/deployment.md."""

from pathlib import Path

from pydantic import Field

from murmur.settings.base import Concern


class KeySettings(Concern):
    access_key_file: Path | None = Field(
        None,
        description="PEM file of the Ed25519 key by which the users subgraph signs access tokens; by default one that is made in "
        "the data folder.",
    )
    access_public_file: Path | None = Field(
        None,
        description="PEM file of the public keys of access tokens, for a gateway; by default it asks the users subgraph.",
    )
    identity_key_file: Path | None = Field(
        None,
        description="PEM file of the Ed25519 key by which a gateway signs who asks; by default one made in the data folder.",
    )
    identity_public_file: Path | None = Field(
        None,
        description="PEM file of the public keys of the gateways that a subgraph answers; by default that of the data folder's "
        "own key.",
    )
