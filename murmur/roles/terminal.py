"""Texts of people on an operator's terminal."""

import re

# Unicode's category Cc, and what reorders the text around it.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """`text` without what a terminal obeys instead of showing it: a space for line ends and tabs, U+FFFD for the rest."""
    return _CONTROL.sub(lambda found: " " if found[0] in "\n\r\t" else "\N{REPLACEMENT CHARACTER}", text)
