"""What the notifications subgraph stores and asks of others."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from murmur.cursors import Window
from murmur.relation import Relation
from subgraphs.notifications.model import Kind, Notice, Notification, Recipient, StoredNotice


class NotificationStore(Protocol):
    """Notices in groups, by recipient. Every verb is atomic for each recipient, and harmless when it is repeated.

    A notice joins the newest group of its kind and tweet that is not read yet, where its kind is grouped, else it begins one.
    Its position is greater than all that its recipient has had, so that whoever has seen everything up to a position misses
    nothing that comes later.
    """

    async def add(self, notices: Sequence[Notice]) -> AbstractSet[int]:
        """Add those that are not there. Returns the recipients for whom anything is new.

        What is not newer than what was let go of its recipient's is let go too: whether it was told can't be seen any more.
        """
        ...

    async def withdraw(
        self, kind: Kind, actor_id: int, *, recipient_id: int | None = None, tweet_id: int | None = None
    ) -> AbstractSet[int]:
        """Remove the notices of an actor: about a tweet, whoever the recipient is, or to a recipient.

        Returns the recipients who lost any, as the two below do.
        """
        ...

    async def forget_tweet(self, tweet_id: int) -> AbstractSet[int]:
        """Remove every notice about a tweet."""
        ...

    async def forget_between(self, one_id: int, other_id: int) -> AbstractSet[int]:
        """Remove every notice that one of two people has of the other."""
        ...

    async def page(self, recipient_id: int, wanted: Window, kinds: AbstractSet[Kind]) -> Sequence[Notification]:
        """At most `wanted.fetch` notifications of these kinds, newest first."""
        ...

    async def after(self, recipient_id: int, position: int, limit: int) -> Sequence[Notification]:
        """The oldest notifications above a position, oldest first."""
        ...

    async def of_positions(self, recipient_id: int, positions: Collection[int]) -> Mapping[int, Notification]:
        """The notifications that hold the notices of these positions, as they are now; those that are gone are absent."""
        ...

    async def last_position(self, recipient_id: int) -> int:
        """The greatest position that the recipient ever had; 0 for none."""
        ...

    async def mark_read(self, recipient_id: int, position: int) -> bool:
        """Everything up to a position is read. False when it was so already."""
        ...

    async def read_up_to(self, recipient_id: int) -> int: ...

    async def muted_kinds(self, recipient_ids: Collection[int]) -> Mapping[int, AbstractSet[Kind]]:
        """Of which kinds people want no notifications; those who want all may be absent."""
        ...

    async def set_muted_kind(self, recipient_id: int, kind: Kind, *, muted: bool) -> None: ...

    async def recipients_after(self, recipient_id: int, limit: int) -> Sequence[Recipient]:
        """Everybody of whom anything is kept, by rising id, above `recipient_id`."""
        ...

    async def notices_after(self, after: tuple[int, int], limit: int) -> Sequence[StoredNotice]:
        """Notices of everybody, by rising (recipient, position), above `after`."""
        ...

    async def put_recipients(self, rows: Sequence[Recipient]) -> None:
        """People as another store has them, whom nobody notifies meanwhile."""
        ...

    async def put_notices(self, rows: Sequence[StoredNotice]) -> None:
        """Add those that are not there where another store has them. They come in the order of `notices_after`."""
        ...

    async def close(self) -> None: ...


class People(Protocol):
    """What the users subgraph knows."""

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        """How the viewer stands to people; only those with any relation are in the answer."""
        ...

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        """The people of handles, by the handle in lower case; handles that nobody has are absent."""
        ...
