"""Content negotiation by the GraphQL over HTTP specification."""

from enum import Enum
from functools import lru_cache

from gateway.edge.refusal import malformed

_MAX_HEADER = 1_000
_UTF8 = ("utf-8", "utf8")


class Media(Enum):
    """What the edge can answer with; the value is the media type."""

    RESPONSE = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"

    def __init__(self, name: str) -> None:
        self.content_type = f"{name}; charset=utf-8".encode()


_BY_NAME = {media.value: media for media in Media}
_BY_RANGE = {"*/*": (Media.JSON, Media.RESPONSE), "application/*": (Media.JSON, Media.RESPONSE), "text/*": (Media.HTML,)}


def negotiate(accept: bytes | None, *, html: bool) -> Media:
    """The media type that an `Accept` header prefers; `html` says whether a page is among the choices.

    Without a header, and for `*/*`, it is `application/json`, as clients of before the specification expect. Raises Refusal
    (406) when nothing fits.
    """
    if accept is None:
        return Media.JSON
    if len(accept) > _MAX_HEADER:
        raise malformed(f"the Accept header is longer than {_MAX_HEADER} bytes")
    for media in _preferred(accept):
        if html or media is not Media.HTML:
            return media
    raise malformed(f"this answers with {Media.RESPONSE.value} or {Media.JSON.value}; accept one of them", 406)


@lru_cache(256)
def _preferred(accept: bytes) -> tuple[Media, ...]:
    """What a header accepts, best first; a named type before a range that covers it."""
    ranked: list[tuple[float, int, Media]] = []
    refused: set[Media] = set()
    for part in accept.decode("latin-1").lower().split(","):
        name, _, parameters = part.partition(";")
        name = name.strip()
        quality = _quality(parameters)
        named = _BY_NAME.get(name)
        if named and not quality:
            refused.add(named)
        elif quality:
            ranked += ((-quality, 0 if named else 1, media) for media in ((named,) if named else _BY_RANGE.get(name, ())))
    ranked.sort(key=lambda entry: entry[:2])
    return tuple(dict.fromkeys(media for _, _, media in ranked if media not in refused))


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def require_json(content_type: bytes | None) -> None:
    """Raises Refusal (415) unless a body is said to be JSON in UTF-8.

    It is also the guard against forged requests from other sites: browsers send JSON there only after a preflight.
    """
    if content_type is None or len(content_type) > _MAX_HEADER or not _is_json(content_type):
        raise malformed("send the body as `Content-Type: application/json`, in UTF-8", 415)


@lru_cache(64)
def _is_json(content_type: bytes) -> bool:
    name, *parameters = content_type.decode("latin-1").lower().split(";")
    charsets = [
        value.strip().strip('"') for key, _, value in (each.partition("=") for each in parameters) if key.strip() == "charset"
    ]
    return name.strip() == "application/json" and all(charset in _UTF8 for charset in charsets)
