"""The keys that a role signs by and trusts: of the files that the settings name, else of the data folder."""

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from murmur.errors import StartupError
from murmur.identity import (
    ACCESS_TOKEN_SECONDS,
    IDENTITY_TOKEN_SECONDS,
    TokenSigner,
    load_key,
    load_or_create_key,
    load_public_keys,
)
from murmur.settings import Settings


def access_signer(settings: Settings) -> TokenSigner:
    """Signs access tokens. Raises StartupError."""
    return TokenSigner(_private(settings, settings.keys.access_key_file, "access"), "access", ACCESS_TOKEN_SECONDS)


def identity_signer(settings: Settings) -> TokenSigner:
    """Signs the identity tokens that a gateway hands to subgraphs. Raises StartupError."""
    return TokenSigner(_private(settings, settings.keys.identity_key_file, "identity"), "identity", IDENTITY_TOKEN_SECONDS)


def trusted_identities(settings: Settings) -> Mapping[str, Ed25519PublicKey]:
    """By key id, the keys of the gateways that a subgraph answers. Raises StartupError."""
    if settings.keys.identity_public_file is not None:
        return load_public_keys(settings.keys.identity_public_file)
    signer = identity_signer(settings)
    return {signer.key_id: signer.public_key}


def require_files(settings: Settings, *names: str) -> None:
    """In production a role that runs apart makes no keys: nobody else would know them. Raises StartupError."""
    for name in names:
        if settings.server.production and getattr(settings.keys, name) is None:
            raise StartupError(f"production needs MURMUR_{name.upper()} where roles run apart: no key is made up")


def _private(settings: Settings, file: Path | None, name: str) -> Ed25519PrivateKey:
    return load_key(file) if file else load_or_create_key(settings.server.data_dir / "keys" / f"{name}.pem")
