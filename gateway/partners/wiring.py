"""Picks the partners' store by the scheme of its URL."""

from pathlib import Path

from gateway.partners.ports import PartnerStore
from gateway.partners.stores.sqlite import SqlitePartners
from murmur.errors import UnknownScheme
from murmur.sqlite import path_of


def open_store(url: str, data_dir: Path) -> PartnerStore:
    """The store that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    if url.startswith("sqlite:"):
        return SqlitePartners(path_of(url, data_dir, "partners"))
    raise UnknownScheme("partners store", url, "sqlite")
