"""What a schema tells people: descriptions and deprecations. No operation depends on them."""

from collections.abc import Iterator

from .change import Change, Level, added, changed, removed

_SHOWN = 60


def compare_description(coordinate: str, before: str | None, after: str | None) -> Iterator[Change]:
    before, after = before or "", after or ""
    if before == after:
        return
    message = f"description changed to {_short(after)}" if after else "description removed"
    yield changed(Level.SAFE, "DESCRIPTION_CHANGED", coordinate, message)


def compare_deprecation(coordinate: str, before: str | None, after: str | None) -> Iterator[Change]:
    if before == after:
        return
    if before is None:
        yield added(Level.SAFE, "DEPRECATION_ADDED", coordinate, f"deprecated: {_short(after or '')}")
    elif after is None:
        yield removed(Level.SAFE, "DEPRECATION_REMOVED", coordinate, "no longer deprecated")
    else:
        yield changed(Level.SAFE, "DEPRECATION_REASON_CHANGED", coordinate, f"deprecated for another reason: {_short(after)}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
