"""Every error that a room raises on purpose, named for what its caller must do.

    MurmurError
    ├── ApiError                what a person is told as a GraphQL error with `extensions.code`
    │   ├── Unauthenticated     sign in (again)
    │   ├── Forbidden           nothing: this is not theirs
    │   ├── RateLimited         wait `retry_after` seconds
    │   ├── BadUserInput        mend the request; the message says what was wrong and what would be right
    │   ├── NotFound            ask for something else
    │   └── Unavailable         try again later; a part of the platform does not answer
    ├── Refused                 what a person can mend in a mutation: becomes an entry of `userErrors`
    ├── StartupError            the operator must change something; the message is one clear line
    │   ├── UnknownScheme       name an adapter that there is
    │   └── NodeIdsExhausted
    └── Unreadable              stored bytes that this version can't read: to the dead letters, never dropped

Anything else that escapes is a defect: it is logged whole, and the client is told INTERNAL and nothing more.
Codes are stable: clients branch on them.
"""

import re
from enum import StrEnum
from typing import ClassVar

from murmur.urls import without_password

DEFECT = "something went wrong here; it has been logged"
"""All that a client is told of a defect, beside INTERNAL."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,20}):")


class ErrorCode(StrEnum):
    """`extensions.code` of a GraphQL error."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    NOT_FOUND = "NOT_FOUND"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class UserErrorCode(StrEnum):
    """`code` of an entry of `userErrors`."""

    NOT_FOUND = "NOT_FOUND"
    EMPTY = "EMPTY"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    INVALID = "INVALID"
    TAKEN = "TAKEN"
    PROHIBITED = "PROHIBITED"
    BLOCKED = "BLOCKED"
    SELF = "SELF"
    NOT_YOURS = "NOT_YOURS"
    CONFLICT = "CONFLICT"
    WRONG_CREDENTIALS = "WRONG_CREDENTIALS"
    SESSION_ENDED = "SESSION_ENDED"


class MurmurError(Exception):
    """The root; never raised itself."""


class ApiError(MurmurError):
    code: ClassVar[ErrorCode]

    def extensions(self) -> dict[str, object]:
        return {"code": self.code.value}


class Unauthenticated(ApiError):
    code = ErrorCode.UNAUTHENTICATED


class Forbidden(ApiError):
    code = ErrorCode.FORBIDDEN


class RateLimited(ApiError):
    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def extensions(self) -> dict[str, object]:
        return {"code": self.code.value, "retryAfter": self.retry_after}


class BadUserInput(ApiError):
    code = ErrorCode.BAD_USER_INPUT


class NotFound(ApiError):
    code = ErrorCode.NOT_FOUND


class Unavailable(ApiError):
    code = ErrorCode.UNAVAILABLE


class Refused(MurmurError):
    """A mutation refused for a reason that the person can mend; nothing was changed. `field` is the input's path."""

    def __init__(self, code: UserErrorCode, message: str, *field: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class StartupError(MurmurError):
    """Told to the operator as one line, without the passwords of URLs in it; the process ends with a non-zero exit."""

    def __init__(self, message: str) -> None:
        super().__init__(without_password(message))


class UnknownScheme(StartupError):
    """A URL whose scheme no adapter has: `what` is what it should have named. Nothing of the URL but its scheme is told."""

    def __init__(self, what: str, url: str, *schemes: str) -> None:
        found = _SCHEME.match(url)
        told = f"the scheme {found[1]!r}" if found else "a URL without a scheme"
        super().__init__(f"no {what} for {told}; the schemes that exist are: {', '.join(schemes)}")


class NodeIdsExhausted(StartupError):
    """Every node id is leased."""


class Unreadable(MurmurError):
    """Bytes that are no event of a version that this release knows."""
