"""The rows of an archive, one JSON object a line. People are named by their handles, tweets by their ids.

Unknown fields are refused, so a misspelt one is not silently lost. Ids are decimal Snowflakes in strings, times ISO 8601.
"""

import re

import msgspec

from murmur.clock import from_iso
from murmur.errors import BadUserInput
from murmur.ids import parse_id


class Row(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel", tag_field="type"
):
    """`id` may be left out when writing a file by hand: one is made from `createdAt`, or from now."""

    id: str | None = None
    created_at: str | None = None


class UserRow(Row, frozen=True, kw_only=True, tag="user"):
    handle: str
    name: str
    bio: str | None = None
    location: str | None = None
    website: str | None = None
    avatar_url: str | None = None
    verified: bool = False
    protected: bool = False


class FollowRow(Row, frozen=True, kw_only=True, tag="follow"):
    follower: str
    followee: str


class BlockRow(Row, frozen=True, kw_only=True, tag="block"):
    blocker: str
    blocked: str


class MuteRow(Row, frozen=True, kw_only=True, tag="mute"):
    muter: str
    muted: str


class TweetRow(Row, frozen=True, kw_only=True, tag="tweet"):
    """A deleted tweet keeps its place in threads and has no text. `lang` is a BCP 47 tag; without one the text is looked at."""

    author: str
    text: str = ""
    in_reply_to: str | None = None
    quotes: str | None = None
    deleted: bool = False
    lang: str | None = None


class RetweetRow(Row, frozen=True, kw_only=True, tag="retweet"):
    user: str
    tweet: str


class LikeRow(Row, frozen=True, kw_only=True, tag="like"):
    user: str
    tweet: str


class BookmarkRow(Row, frozen=True, kw_only=True, tag="bookmark"):
    user: str
    tweet: str


AnyRow = UserRow | FollowRow | BlockRow | MuteRow | TweetRow | RetweetRow | LikeRow | BookmarkRow

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyRow)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_NO_LANGUAGE = ("und", "zxx", "mul", "mis")
_EDGE = re.compile(r"([^\s,]+)[\s,]+([^\s,]+)(?:[\s,].*)?")


class BadRow(ValueError):
    """A line that can't be taken; the message says why."""


def decode_row(line: bytes) -> AnyRow:
    """Raises BadRow."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRow(str(error)) from error


def encode_row(row: AnyRow) -> bytes:
    """A line without its end; the same row gives the same bytes."""
    return _encoder.encode(row)


def decode_edge(line: str) -> tuple[str, str] | None:
    """The two names of a line `a b` (or `a,b`) of an edge list; None for an empty line or a comment. Raises BadRow."""
    text = line.strip()
    if not text or text[0] in "#%":
        return None
    match = _EDGE.fullmatch(text)
    if match is None:
        raise BadRow(f"{text[:40]!r} is not an edge; write two names with a space between them")
    return match[1], match[2]


def row_id(text: str | None, field: str) -> int | None:
    """An id of a row as a number. Raises BadRow naming the field."""
    if text is None:
        return None
    try:
        value = parse_id(text, field)
    except BadUserInput as error:
        raise BadRow(str(error)) from error
    if value == 0:
        raise BadRow(f"{field}: '0' is not an id; ids begin at 1")
    return value


def row_lang(text: str | None) -> str | None:
    """`lang`; None for the tags of no certain language. Raises BadRow."""
    if text is None or text.lower() in _NO_LANGUAGE:
        return None
    if not _LANGUAGE.fullmatch(text):
        raise BadRow(f"lang: {text[:40]!r} is not a BCP 47 tag such as 'en' or 'pt-BR'")
    return text


def row_time(text: str | None) -> int | None:
    """`createdAt` in milliseconds since the Unix epoch. Raises BadRow."""
    if text is None:
        return None
    try:
        return from_iso(text)
    except ValueError as error:
        raise BadRow(f"createdAt: {text[:40]!r} is not an ISO 8601 time such as '2026-01-31T12:00:00.000Z'") from error
