"""What is kept for partners."""

from collections.abc import Sequence
from typing import Protocol

from gateway.partners.model import Document, PartnerKey


class PartnerStore(Protocol):
    """Keys, and a manifest of documents for each partner. Every verb is atomic, durable, and may be repeated."""

    async def publish(self, partner: str, documents: Sequence[Document]) -> int:
        """Add documents to a manifest; returns how many were not there. What was published stays: old clients run it still."""
        ...

    async def document(self, partner: str, id_: str) -> str | None:
        """The text of a document of a manifest."""
        ...

    async def documents(self, partner: str | None, after: tuple[str, str], limit: int) -> Sequence[tuple[str, Document]]:
        """Documents with their partners, of one or of all, by (partner, id), rising above `after`."""
        ...

    async def withdraw(self, partner: str, id_: str) -> bool:
        """Take a document out of a manifest. False when it was not there."""
        ...

    async def add_key(self, key: PartnerKey) -> None: ...

    async def key(self, id_: str) -> PartnerKey | None: ...

    async def keys(self, partner: str | None) -> Sequence[PartnerKey]:
        """Keys of one partner or of all, the newest first."""
        ...

    async def revoke(self, id_: str, at: int) -> bool:
        """Returns False when there is no such key; one that is revoked already stays as it is."""
        ...

    async def close(self) -> None: ...
