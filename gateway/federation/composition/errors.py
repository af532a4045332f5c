"""What composition says when subgraphs do not fit together. Codes are those of the public federation rules."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompositionError:
    """One broken rule: a stable `code`, the schema coordinates it is about and the subgraphs that break it."""

    code: str
    message: str
    coordinates: tuple[str, ...] = ()
    subgraphs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class CompositionFailed(Exception):
    """The subgraphs do not compose; `errors` holds every broken rule that the stage reached could tell."""

    def __init__(self, errors: Iterable[CompositionError]) -> None:
        self.errors: tuple[CompositionError, ...] = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


class Findings:
    """Collects the errors of one stage, so that a person sees them all at once."""

    def __init__(self) -> None:
        self.errors: list[CompositionError] = []

    def add(self, code: str, message: str, coordinate: str = "", subgraphs: Iterable[str] = ()) -> None:
        error = CompositionError(code, message, (coordinate,) if coordinate else (), tuple(subgraphs))
        if error not in self.errors:
            self.errors.append(error)

    def within(self, subgraph: str) -> Callable[[str, str, str], None]:
        """`add` for errors that one subgraph makes alone: the message begins with its name."""

        def add(code: str, message: str, coordinate: str = "") -> None:
            self.add(code, f"[{subgraph}] {message}", coordinate, (subgraph,))

        return add

    def stop_if_any(self) -> None:
        if self.errors:
            raise CompositionFailed(self.errors)
