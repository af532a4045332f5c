"""What the users subgraph speaks of. Ids are 64-bit numbers, times milliseconds since the Unix epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from murmur.cursors import Window
from murmur.ids import id_time

Side = Literal["followers", "following"]
ProfileField = Literal["name", "bio", "location", "website", "avatar_url"]
ProfileChanges = Mapping[ProfileField, str | None]
"""The fields to change; one that is absent stays, None clears it."""


@dataclass(frozen=True, slots=True)
class User:
    """A public profile with its counts. Handles are unique without regard to case and keep the case they were given."""

    id: int
    handle: str
    name: str
    bio: str | None
    location: str | None
    website: str | None
    avatar_url: str | None
    created_at: int
    verified: bool = False
    protected: bool = False
    follower_count: int = 0
    following_count: int = 0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an account signs in with. An imported person has no `password_hash` and can't sign in.

    `generation` rises by one with each new password, and ends the sessions of those before it.
    """

    user_id: int
    password_hash: str | None
    email: str | None = None
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """A family of refresh tokens, of which one at a time is valid: the one with this SHA-256 hash. `id` is the person's id and
    128 random bits, and no secret; `secret` is what the family's tokens are authenticated with. It is over when the person's
    password is of a later `generation`."""

    id: str
    user_id: int
    token_hash: bytes
    started_at: int
    expires_at: int
    secret: bytes
    generation: int = 0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client is handed. `expires_at` is when the access token ends."""

    user_id: int
    access_token: str
    refresh_token: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A follow, a block or a mute: `source_id` does it to `target_id`. `id` tells when, and is its position in lists."""

    id: int
    source_id: int
    target_id: int

    @property
    def created_at(self) -> int:
        return id_time(self.id)


class Outcome(Enum):
    """What became of one write."""

    DONE = auto()
    UNCHANGED = auto()
    """It was so already."""
    UNKNOWN = auto()
    """One of the people does not exist."""
    BLOCKED = auto()
    """One of the two has blocked the other."""
    ID_TAKEN = auto()
    """Something else has that id."""
    HANDLE_TAKEN = auto()
    """Somebody else has that handle."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the list of who follows somebody, or of whom they follow."""

    side: Side
    user_id: int
    window: Window


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of a list of followers or followed people; `position` is the id of the follow."""

    position: int
    user: User


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """A person from elsewhere, without credentials. Without an id or a time, new ones are given."""

    handle: str
    name: str
    id: int | None = None
    bio: str | None = None
    location: str | None = None
    website: str | None = None
    avatar_url: str | None = None
    created_at: int | None = None
    verified: bool = False
    protected: bool = False


@dataclass(frozen=True, slots=True)
class ImportedEdge:
    """A follow, block or mute from elsewhere. The time is part of the id, so `created_at` counts only where `id` is absent."""

    source_id: int
    target_id: int
    id: int | None = None
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """How many sign-ups, and how many failed sign-ins, are let through, such as `10/15minutes`; None is no limit. A success
    gives an account all its tries back, and an address only its own."""

    sign_in_per_account: str | None = "10/15minutes"
    sign_in_per_address: str | None = "100/15minutes"
    sign_up_per_address: str | None = "50/hour"
