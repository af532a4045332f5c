"""Naming subgraphs in the enum `join__Graph`, as the join specification asks: unique, upper case, no clash with suffixes."""

import re
from collections.abc import Iterable


def _sanitized(name: str) -> str:
    upper = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    if re.match(r"[0-9]", upper):
        upper = "_" + upper
    return upper + "_" if re.search(r"_[0-9]+\Z", upper) else upper


def name_graphs(names: Iterable[str]) -> dict[str, str]:
    """Subgraph name to enum value. Names that would be the same get `_1`, `_2`, … in order."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_sanitized(name), []).append(name)
    return {
        name: value if len(group) == 1 else f"{value}_{index}"
        for value, group in groups.items()
        for index, name in enumerate(group, start=1)
    }
