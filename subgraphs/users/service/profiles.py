"""What a profile may say. Texts are normalised (NFC) and trimmed; lengths are in code points."""

import re
import unicodedata
from collections.abc import Mapping

from murmur.errors import Refused, UserErrorCode
from murmur.text import MAX_HANDLE, MAX_URL, is_handle, is_url
from subgraphs.users.model import ProfileChanges, ProfileField

MAX_LENGTHS: Mapping[ProfileField, int] = {"name": 50, "bio": 160, "location": 30, "website": MAX_URL, "avatar_url": MAX_URL}
INPUT_NAMES: Mapping[ProfileField, str] = {
    "name": "name",
    "bio": "bio",
    "location": "location",
    "website": "website",
    "avatar_url": "avatarUrl",
}
_MAX_EMAIL = 254
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")


def check_handle(handle: str) -> str:
    """Raises Refused for what is no handle."""
    if not handle:
        raise Refused(UserErrorCode.EMPTY, "a handle has at least one character", "input", "handle")
    if len(handle) > MAX_HANDLE:
        raise Refused(UserErrorCode.TOO_LONG, f"a handle has at most {MAX_HANDLE} characters", "input", "handle")
    if not is_handle(handle):
        raise Refused(UserErrorCode.INVALID, "a handle has only letters from A to Z, digits and underscores", "input", "handle")
    return handle


def check_email(email: str | None) -> str | None:
    """Raises Refused for what is no e-mail address. Whether mail arrives there is not asked."""
    email = (email or "").strip()
    if not email:
        return None
    if len(email) > _MAX_EMAIL:
        raise Refused(UserErrorCode.TOO_LONG, f"an e-mail address has at most {_MAX_EMAIL} characters", "input", "email")
    if not email.isprintable() or not _EMAIL.fullmatch(email):
        raise Refused(UserErrorCode.INVALID, "this is no e-mail address; write one such as ada@example.org", "input", "email")
    return email


def check_profile(changes: ProfileChanges) -> ProfileChanges:
    """The changes as they are kept: an empty text is None. Raises Refused for the first that the rules do not allow."""
    return {field: _checked(field, value) for field, value in changes.items()}


def _checked(field: ProfileField, raw: str | None) -> str | None:
    shown = INPUT_NAMES[field]
    limit = MAX_LENGTHS[field]
    # Before anything that costs time in proportion to the length.
    if raw is not None and len(raw) > 4 * limit:
        raise Refused(UserErrorCode.TOO_LONG, f"{shown} has at most {limit} characters", "input", shown)
    text = unicodedata.normalize("NFC", (raw or "").replace("\r\n", "\n")).strip()
    if not text:
        if field == "name":
            raise Refused(UserErrorCode.EMPTY, "name has at least one character", "input", shown)
        return None
    if len(text) > limit:
        raise Refused(UserErrorCode.TOO_LONG, f"{shown} has at most {limit} characters", "input", shown)
    if field in ("website", "avatar_url"):
        if not is_url(text):
            raise Refused(UserErrorCode.INVALID, f"{shown} is an absolute http or https URL", "input", shown)
    elif any(unicodedata.category(character) in ("Cc", "Cs") for character in text if field != "bio" or character != "\n"):
        raise Refused(UserErrorCode.INVALID, f"{shown} has a control character or a lone surrogate", "input", shown)
    elif all(unicodedata.category(character) in ("Cf", "Zs", "Zl", "Zp") for character in text):
        raise Refused(UserErrorCode.EMPTY, f"{shown} has nothing that can be seen", "input", shown)
    return text
