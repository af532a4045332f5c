"""Picks the partners' store by the scheme of its URL."""

from pathlib import Path

from gateway.partners.ports import PartnerStore
from gateway.partners.stores.sqlite import SqlitePartners
from murmur.errors import UnknownScheme
from murmur.sqlite import path_of
from murmur.urls import MONGODB_SCHEMES


def open_store(url: str, data_dir: Path) -> PartnerStore:
    """The store that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    if url.startswith("sqlite:"):
        return SqlitePartners(path_of(url, data_dir, "partners"))
    if url.partition(":")[0] in MONGODB_SCHEMES:
        from gateway.partners.stores.mongodb import MongoPartners

        return MongoPartners(url)
    raise UnknownScheme("partners store", url, "sqlite", *MONGODB_SCHEMES)
