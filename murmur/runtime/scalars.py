"""Scalars that all subgraphs share. Resolvers hand over milliseconds; only the answer has the text."""

from datetime import UTC
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from murmur.clock import from_iso, to_iso
from murmur.text import MAX_URL, is_url

DateTime = NewType("DateTime", int)
"""Milliseconds since the Unix epoch; on the wire ISO 8601 in UTC with milliseconds."""

URL = NewType("URL", str)
"""An absolute http or https URL of at most 2,048 characters."""

_MAX_MS = 253_402_300_799_999


def _parse_datetime(value: object) -> int:
    try:
        ms = from_iso(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        ms = None
    if ms is None or not 0 <= ms <= _MAX_MS:
        raise GraphQLError(f"{str(value)[:40]!r} is not a DateTime; write ISO 8601 in {UTC}, such as '2026-01-31T12:00:00.000Z'")
    return ms


def _parse_url(value: object) -> str:
    if isinstance(value, str) and is_url(value):
        return value
    raise GraphQLError(f"{str(value)[:40]!r} is not a URL; write an absolute http or https URL of at most {MAX_URL} characters")


SCHEMA_CONFIG = StrawberryConfig(
    scalar_map={
        DateTime: strawberry.scalar(
            name="DateTime",
            description="A moment as ISO 8601 in UTC with milliseconds, such as `2026-01-31T12:00:00.000Z`.",
            specified_by_url="https://scalars.graphql.org/andimarek/date-time",
            serialize=to_iso,
            parse_value=_parse_datetime,
        ),
        URL: strawberry.scalar(
            name="URL",
            description="An absolute `http` or `https` URL.",
            serialize=str,
            parse_value=_parse_url,
        ),
    }
)
