"""The files by which roles know each other: certificates, and the keys that sign tokens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from murmur.cluster.certificates import LOCAL, Authority, Certificate
from murmur.errors import StartupError
from murmur.identity import load_or_create_key, public_pem


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """PEM files of the keys behind tokens. Whoever holds a private one may speak as the users subgraph, or as a gateway."""

    access: Path
    identity: Path
    identity_public: Path


def signing_keys(folder: Path) -> SigningKeys:
    """The keys in a folder, made on first use. Raises StartupError."""
    keys = SigningKeys(folder / "access-signing.pem", folder / "identity-signing.pem", folder / "identity-public.pem")
    load_or_create_key(keys.access)
    public = public_pem(load_or_create_key(keys.identity))
    try:
        keys.identity_public.write_bytes(public)
    except OSError as error:
        raise StartupError(f"can't write {keys.identity_public}: {error.strerror}") from error
    return keys


def certificates(folder: Path, hosts: Mapping[str, Collection[str]]) -> dict[str, Certificate]:
    """A new certificate for each name, good for this machine and for the name's hosts. Raises StartupError."""
    authority = Authority(folder)
    return {name: authority.issue(name, (*LOCAL, *others)) for name, others in hosts.items()}
