"""Bounds on a document's text, checked by one scan without recursion."""

import re

from gateway.edge.options import Bounds
from gateway.edge.refusal import malformed, too_large
from gateway.federation.engine import RequestRefused

# Strings and comments are one token whatever they hold. The quantifiers give nothing back, so that the scan stays linear, and
# where a string does not end the rest of the document is its token: the parser would stop there too.
_STRING = r'"""(?:[^"\\]|\\"""|\\|"(?!""))*+"""|"(?!"")(?:[^"\\\n\r]|\\.)*+"'
_TOKEN = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]*+|\.\.\.|[{}()\[\]:@]|[!$&=|]|-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|#[^\n\r]*+"
    rf'|{_STRING}|"(?s:.*+)'
)
_WHOLE_STRING = re.compile(_STRING)
_REMEMBERED = 1_000
_REMEMBERED_CHARACTERS = 16_000


class DocumentBounds:
    """Remembers short documents that were within the bounds, since clients send the same ones again and again."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._within: dict[str, None] = {}

    def check(self, document: str) -> None:
        """Raises Refusal, naming the bound that a document exceeds, or RequestRefused where a string does not end."""
        if document in self._within:
            return
        self._check(document)
        if len(document) <= _REMEMBERED_CHARACTERS:
            while len(self._within) >= _REMEMBERED:
                del self._within[next(iter(self._within))]
            self._within[document] = None

    def _check(self, document: str) -> None:
        bounds = self._bounds
        if len(document) > bounds.document_bytes or len(document.encode()) > bounds.document_bytes:
            raise too_large(f"the document is larger than {bounds.document_bytes} bytes")
        tokens = _TOKEN.findall(document)
        if len(tokens) > bounds.tokens:
            raise malformed(f"the document has more than {bounds.tokens} tokens")
        if tokens and tokens[-1][0] == '"' and not _WHOLE_STRING.fullmatch(tokens[-1]):
            error: dict[str, object] = {
                "message": "Syntax Error: Unterminated string.",
                "extensions": {"code": "GRAPHQL_PARSE_FAILED"},
            }
            raise RequestRefused([error])
        braces = others = aliases = root_fields = 0
        before = previous = ""
        for token in tokens:
            first = token[0]
            if first == "{" and not others:
                braces += 1
            elif first == "}" and not others:
                braces -= 1
                if braces == 0:
                    root_fields = 0
            elif first in "([{":
                others += 1
            elif first in ")]}":
                others -= 1
            elif first == "#":
                continue
            elif not others:
                if first == ":":
                    aliases += 1
                elif braces == 1 and (first.isalpha() or first == "_") and not _is_part(before, previous):
                    root_fields += 1
            if braces + others > bounds.nesting:
                raise malformed(f"the document nests deeper than {bounds.nesting} levels")
            if aliases > bounds.aliases:
                raise malformed(f"the document has more than {bounds.aliases} aliases")
            if root_fields > bounds.root_fields:
                raise malformed(f"the document selects more than {bounds.root_fields} root fields")
            if len(token) > bounds.word_characters and first != '"':
                raise malformed(f"a name or number of the document is longer than {bounds.word_characters} characters")
            before, previous = previous, token


def _is_part(before: str, previous: str) -> bool:
    """Whether a name after these two tokens belongs to what they began: an alias, a directive or a fragment."""
    return previous in (":", "@", "...") or (previous == "on" and before == "...")
