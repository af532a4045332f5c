"""Selection sets in the making, and how they are printed for the subgraph that gets them."""

from collections.abc import Mapping
from dataclasses import replace

from ..supergraph import SubgraphField
from .operation import Condition, Selected
from .plan import Brought, ContextInput


class Draft:
    """A selection set on `type` ("" for a step's entities, whose only parts are fragments)."""

    __slots__ = ("fields", "fragments", "type", "typename")

    def __init__(self, type: str) -> None:
        self.type = type
        self.typename = False
        self.fields: dict[tuple[str, Condition], DraftField] = {}
        self.fragments: dict[str, Draft] = {}

    def add(
        self, selected: Selected, field: SubgraphField, condition: Condition, contexts: Mapping[str, ContextInput] | None = None
    ) -> "Draft":
        """Asks for a field where the condition holds; the selection set below it.

        `contexts` has what fills its contextual arguments.
        """
        slot = (selected.key, condition)
        found = self.fields.get(slot)
        if found is None:
            found = self.fields[slot] = DraftField(selected, field, condition, contexts or {})
        return found.below

    def narrow(self, type: str) -> "Draft":
        found = self.fragments.get(type)
        if found is None:
            found = self.fragments[type] = Draft(type)
        return found

    def is_empty(self) -> bool:
        return not (self.typename or self.fields or self.fragments)

    def contexts(self) -> tuple[ContextInput, ...]:
        """What fills contextual arguments, each value once. Only fields of entities have some, as a jump leads to them."""
        found: dict[ContextInput, ContextInput] = {}
        for draft in (self, *self.fragments.values()):
            for each in (each for field in draft.fields.values() for each in field.contexts.values()):
                known = found.get(each, each)
                found[each] = replace(known, dependents=tuple(dict.fromkeys((*known.dependents, *each.dependents))))
        return tuple(found.values())

    def brought(self) -> tuple[Brought, ...]:
        """What an answer brings to the tree."""
        found = [Brought(field.selected.key, field.below.brought()) for field in self.fields.values()]
        for inner in self.fragments.values():
            found += inner.brought()
        return tuple(found)


class DraftField:
    """`alias` is its name on the way, where that can't be its key; `condition` what must hold beside the step's own."""

    __slots__ = ("alias", "below", "condition", "contexts", "field", "selected")

    def __init__(
        self, selected: Selected, field: SubgraphField, condition: Condition, contexts: Mapping[str, ContextInput]
    ) -> None:
        self.selected = selected
        self.field = field
        self.alias = selected.key
        self.condition = condition
        self.contexts = contexts
        self.below = Draft(field.named)
