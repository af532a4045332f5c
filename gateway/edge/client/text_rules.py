"""What the page counts characters by: the expressions of the library that the server counts with, as JavaScript reads them."""

import re

import orjson
from twitter_text.regexp.emoji import emoji
from twitter_text.regexp.extract_url import extract_url
from twitter_text.regexp.valid_ascii_domain import valid_ascii_domain
from twitter_text.regexp.valid_tco_url import valid_tco_url

from murmur.text import MAX_WEIGHT

_CODE_POINT = re.compile(r"\\U0*([0-9A-Fa-f]+)")


def text_rules() -> bytes:
    """JSON: `maxWeight`, and the expressions `link`, `domain`, `short` (flags `gi`) and `emoji` (flags `gu`)."""
    return orjson.dumps(
        {
            "maxWeight": MAX_WEIGHT,
            "link": extract_url.pattern,
            "domain": valid_ascii_domain.pattern,
            "short": valid_tco_url.pattern,
            "emoji": _CODE_POINT.sub(r"\\u{\1}", emoji.pattern),
        }
    )
