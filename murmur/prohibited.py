"""Content that a platform does not allow: terms and link domains of a rules file that its operator writes."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from murmur.errors import StartupError
from murmur.text import Span, Text

_ACCENTS = re.compile("[\u0300-\u036f]")
_BETWEEN_WORDS = frozenset(" -'’")


class ProhibitedContent:
    """Rules that texts are held against. A term is one or more whole words; a domain stands for its subdomains too.

    Raises ValueError, naming the entry, for a term or a domain that nothing could ever match.
    """

    def __init__(self, terms: Iterable[str], link_domains: Iterable[str]) -> None:
        self._terms: dict[str, list[list[str]]] = {}
        self._joined: set[str] = set()
        for term in terms:
            words = _words(term)
            if not words or not all(_in_word(character) or character in _BETWEEN_WORDS for character in _fold(term)):
                raise ValueError(f"{term!r} is not a term: write words of letters and digits with spaces between")
            self._terms.setdefault(words[0], []).append(words)
            self._joined.add("".join(words))
        self._domains: set[str] = set()
        for domain in link_domains:
            host = _host(f"http://{domain}")
            if host is None or "." not in host or set(domain) & set("/:@ "):
                raise ValueError(f"{domain!r} is not a domain: write it as 'example.com'")
            self._domains.add(host)

    def reason(self, text: Text) -> str | None:
        """Why a text is prohibited, for its author; None when it is not. Which rule it was is not told."""
        if self._terms and self._has_term(_words(text.value)):
            return "the text has a term that is prohibited here"
        if self._domains and any(self._is_prohibited(link) for link in text.entities.links):
            return "the text links to a domain that is prohibited here"
        return None

    def forbids(self, tag: str) -> bool:
        """Whether a hashtag, without its sign, has a term: as a word between underscores, or all its words run together."""
        words = _words(tag.replace("_", " "))
        return self._has_term(words) or "".join(words) in self._joined

    def _has_term(self, words: list[str]) -> bool:
        return any(
            words[place : place + len(term)] == term for place, word in enumerate(words) for term in self._terms.get(word, ())
        )

    def _is_prohibited(self, link: Span) -> bool:
        url = link.value if "://" in link.value else f"http://{link.value}"
        host = _host(url)
        labels = host.split(".") if host else []
        return any(".".join(labels[place:]) in self._domains for place in range(len(labels)))


def load_prohibited(path: Path) -> ProhibitedContent:
    """Read a rules file: TOML with `terms` and `link_domains`, each a list of strings. Raises StartupError."""
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = rules.keys() - {"terms", "link_domains"}
        if unknown:
            raise ValueError(f"unknown keys {sorted(unknown)}; there are terms and link_domains")
        return ProhibitedContent(_strings(rules, "terms"), _strings(rules, "link_domains"))
    except (OSError, ValueError) as error:
        raise StartupError(f"can't read the rules of prohibited content in {path}: {error}") from error


def _strings(rules: dict[str, object], name: str) -> list[str]:
    found = rules.get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise ValueError(f"{name} is not a list of strings")
    return found


def _fold(text: str) -> str:
    """Without regard to case, width, accents of European scripts, and characters that nobody sees (zero width, soft hyphen)."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(character for character in _ACCENTS.sub("", folded) if unicodedata.category(character) != "Cf")


def _in_word(character: str) -> bool:
    # Marks belong to words: without them the vowels of Devanagari or Thai would end one.
    return character == "_" or character.isalnum() or unicodedata.category(character)[0] == "M"


def _words(text: str) -> list[str]:
    return "".join(character if _in_word(character) else " " for character in _fold(text)).split()


def _host(url: str) -> str | None:
    """The host of a URL in lower-case ASCII (IDNA); None when it has none."""
    try:
        host = (urlsplit(unicodedata.normalize("NFKC", url)).hostname or "").strip(".")
        return host.encode("idna").decode().lower() or None
    except ValueError:
        return None
