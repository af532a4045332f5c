"""Keys and trusted documents. Times are milliseconds since the Unix epoch."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from murmur.errors import BadUserInput

FIRST_PARTY = "murmur"
"""The manifest of the platform's own clients: whoever asks may run its documents."""
MAX_DOCUMENT = 100_000
"""Bytes of a document."""

_PARTNER = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_PREFIX = "sha256:"


class Scope(StrEnum):
    READ = "read"
    """Queries and subscriptions."""
    WRITE = "write"
    """Mutations."""


@dataclass(frozen=True, slots=True)
class PartnerKey:
    """An API key, of which nothing but the SHA-256 of its secret is kept. `id` is no secret and begins the key."""

    id: str
    partner: str
    secret_hash: bytes
    scopes: frozenset[Scope]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One operation with its fragments. `id` is `sha256:` and the hash of its text in hexadecimal."""

    id: str
    name: str
    text: str


def document_id(text: str) -> str:
    return _PREFIX + hashlib.sha256(text.encode()).hexdigest()


def is_document_id(text: str) -> bool:
    digest = text.removeprefix(_PREFIX)
    return text != digest and len(digest) == 64 and set(digest) <= set("0123456789abcdef")


def check_partner(name: str) -> str:
    """The name itself. Raises BadUserInput for what is no partner's name."""
    if name != FIRST_PARTY and _PARTNER.fullmatch(name):
        return name
    raise BadUserInput(f"{name[:50]!r} is no name of a partner: 1 to 40 of a-z, 0-9 and -, and not {FIRST_PARTY!r}")
