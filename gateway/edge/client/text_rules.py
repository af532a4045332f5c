"""What the page counts characters by: the expressions of the library that the server counts with, as JavaScript reads them."""

import re

import orjson
from twitter_text.regexp.emoji import emoji
from twitter_text.regexp.extract_url import extract_url
from twitter_text.regexp.valid_ascii_domain import valid_ascii_domain
from twitter_text.regexp.valid_tco_url import valid_tco_url

from murmur.text import MAX_WEIGHT

_CODE_POINT = re.compile(r"\\U0*([0-9A-Fa-f]+)")
# JavaScript takes a backslash before what has a meaning alone.
_NEEDLESS = re.compile(r"\\([!'\"#%&,:;<=>@`~])")


def text_rules() -> bytes:
    """JSON: `maxWeight`, and the expressions `link`, `domain`, `short` (flags `giu`) and `emoji` (flags `gu`)."""
    return orjson.dumps(
        {
            "maxWeight": MAX_WEIGHT,
            "link": _NEEDLESS.sub(r"\1", extract_url.pattern),
            "domain": _NEEDLESS.sub(r"\1", valid_ascii_domain.pattern),
            "short": _NEEDLESS.sub(r"\1", valid_tco_url.pattern),
            "emoji": _CODE_POINT.sub(r"\\u{\1}", emoji.pattern),
        }
    )
