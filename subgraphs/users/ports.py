"""What the users subgraph stores and calls."""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, Protocol

from murmur.events import Blocked, Followed, Muted, ProfileUpdated, Unblocked, Unfollowed, Unmuted, UserSignedUp
from murmur.outbox import Outbox
from murmur.relation import Relation
from subgraphs.users.model import Credentials, Edge, Listing, Neighbour, Outcome, ProfileChanges, Session, User

EdgeKind = Literal["follow", "block", "mute"]


class Profiles(Protocol):
    """Every list is one call of the store, whatever its length. Unknown ids and handles are left out."""

    async def users(self, ids: Collection[int]) -> Mapping[int, User]: ...

    async def users_of_handles(self, handles: Collection[str]) -> Mapping[str, User]:
        """By handle in lower case."""
        ...

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        """By handle in lower case."""
        ...

    async def follower_counts(self, user_ids: Collection[int]) -> Mapping[int, int]: ...

    async def update_profile(
        self, user_id: int, changes: ProfileChanges, announce: Callable[[User], ProfileUpdated]
    ) -> User | None:
        """The profile after the changes; None for an unknown id.

        Appends what `announce` makes of it, unless nothing has changed. `announce` may be called in another thread.
        """
        ...


class Accounts(Protocol):
    """Credentials. Each verb is atomic."""

    async def add_account(self, user: User, credentials: Credentials, event: UserSignedUp) -> Outcome:
        """DONE or HANDLE_TAKEN."""
        ...

    async def credentials_of(self, handle: str) -> Credentials | None: ...

    async def credentials(self, user_id: int) -> Credentials | None: ...

    async def rehash(self, user_id: int, old_hash: str, new_hash: str) -> None:
        """Keep another hash of the same password, unless the password has been changed meanwhile."""
        ...

    async def change_password(self, user_id: int, old_hash: str, new_hash: str) -> int | None:
        """Set the password and return its generation; None, and no change, when `old_hash` is no longer the password's."""
        ...


class Graph(Protocol):
    """Follows, blocks and mutes. The counts of a profile are changed together with the edge and always equal the edges.

    Writes take batches, each row with its events; a row that changes nothing appends none. Outcomes are in the rows' order.
    """

    async def follow(self, rows: Sequence[tuple[Edge, Followed]], movable: AbstractSet[int] = frozenset()) -> Sequence[Outcome]:
        """DONE, UNCHANGED, UNKNOWN, BLOCKED or ID_TAKEN (by another follow of one of the two).

        The rows with an index in `movable` take the next free id instead.
        """
        ...

    async def block(self, rows: Sequence[tuple[Edge, Blocked, tuple[Unfollowed, Unfollowed]]]) -> Sequence[Outcome]:
        """DONE, UNCHANGED or UNKNOWN. Ends the follows in both directions; appends only those `Unfollowed` that apply."""
        ...

    async def mute(self, rows: Sequence[tuple[Edge, Muted]]) -> Sequence[Outcome]:
        """DONE, UNCHANGED or UNKNOWN."""
        ...

    async def remove(self, kind: EdgeKind, source_id: int, target_id: int, event: Unfollowed | Unblocked | Unmuted) -> bool:
        """End a follow, block or mute. False when there was none."""
        ...

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        """Only for those with any relation."""
        ...

    async def neighbours(self, listings: Collection[Listing]) -> Sequence[Sequence[Neighbour]]:
        """The rows of each listing, in the order of the listings; each by the position of the follow, newest first."""
        ...

    async def followed_by(self, user_ids: Collection[int], newest: int, without: Collection[int], limit: int) -> Sequence[User]:
        """Whom these people follow, apart from those in `without`: by how many of these people, then follower count, then id.

        Of each of these people only so many of the newest follows count.
        """
        ...

    async def followers_after(self, user_id: int, after: int, limit: int) -> Sequence[int]:
        """Ids of followers, rising, greater than `after`."""
        ...

    async def followees(self, user_id: int, limit: int) -> Sequence[int]:
        """Whom this person follows, the most recent follows first."""
        ...


class Bulk(Protocol):
    """What imports and exports need beyond the graph's batches."""

    async def add_users(self, rows: Sequence[tuple[User, UserSignedUp]]) -> Sequence[Outcome]:
        """DONE, UNCHANGED (that id has that handle already), ID_TAKEN or HANDLE_TAKEN, in one write."""
        ...

    async def all_users(self, after_id: int, limit: int) -> Sequence[User]:
        """By id, rising."""
        ...

    async def all_edges(self, kind: EdgeKind, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        """By (source, target), rising."""
        ...


class Copies(Protocol):
    """Exact copies from another store of this port: no rule is asked and no event leaves, counts follow from the edges, and a
    row that is there already changes nothing."""

    async def put_users(self, users: Sequence[User]) -> None:
        """Their counts are not read."""
        ...

    async def put_edges(self, kind: EdgeKind, edges: Sequence[Edge]) -> None:
        """Between people who are there."""
        ...

    async def credentials_after(self, after_id: int, limit: int) -> Sequence[Credentials]:
        """Of people who have a password, by id, rising."""
        ...

    async def put_credentials(self, rows: Sequence[Credentials]) -> None:
        """Of people who are there."""
        ...


class UsersStore(Profiles, Accounts, Graph, Bulk, Copies, Protocol):
    @property
    def outbox(self) -> Outbox: ...

    async def close(self) -> None: ...


class Sessions(Protocol):
    """Families of refresh tokens, by person. Each verb is atomic, and what it did holds when it has returned."""

    async def start(self, session: Session, keep: int) -> None:
        """Start a session and end this person's expired ones, those of lower generations, and the oldest beyond `keep`."""
        ...

    async def session(self, user_id: int, session_id: str) -> Session | None:
        """An expired one may still be there."""
        ...

    async def rotate(self, user_id: int, session_id: str, old_hash: bytes, new_hash: bytes, now: int, expires_at: int) -> bool:
        """Put `new_hash` in the place of `old_hash`.

        False when the session is over or expired, or when its hash is another: then it ends here and now.
        """
        ...

    async def end(self, user_id: int, session_id: str) -> None: ...

    async def of(self, user_ids: Collection[int]) -> Sequence[Session]:
        """By person and id, rising. Expired ones may still be there."""
        ...

    async def put(self, rows: Sequence[Session]) -> None:
        """Exact copies; one that is there already stays as it is."""
        ...

    async def close(self) -> None: ...


Rule = Literal["sign_in_account", "sign_in_address", "sign_up_address"]


class Throttle(Protocol):
    """Counts tries by rule and key. Which limit a rule has, if any, is the adapter's to know."""

    async def spend(self, rule: Rule, key: str) -> None:
        """Count a try. Raises RateLimited, with the seconds to wait, and counts nothing when the limit was reached before it."""
        ...

    async def give_back(self, rule: Rule, key: str) -> None:
        """Count a try less, one that was spent before."""
        ...

    async def forget(self, rule: Rule, key: str) -> None:
        """Count from zero again."""
        ...

    async def close(self) -> None: ...
