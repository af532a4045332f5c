"""Selection sets in the making, and how they are printed for the subgraph that gets them."""

from ..supergraph import SubgraphField
from .operation import Condition, Selected
from .plan import Brought


class Draft:
    """A selection set on `type` ("" for a step's entities, whose only parts are fragments)."""

    __slots__ = ("fields", "fragments", "type", "typename")

    def __init__(self, type: str) -> None:
        self.type = type
        self.typename = False
        self.fields: dict[tuple[str, Condition], DraftField] = {}
        self.fragments: dict[str, Draft] = {}

    def add(self, selected: Selected, field: SubgraphField, condition: Condition) -> "Draft":
        """Asks for a field where the condition holds; the selection set below it."""
        slot = (selected.key, condition)
        found = self.fields.get(slot)
        if found is None:
            found = self.fields[slot] = DraftField(selected, field, condition)
        return found.below

    def narrow(self, type: str) -> "Draft":
        found = self.fragments.get(type)
        if found is None:
            found = self.fragments[type] = Draft(type)
        return found

    def is_empty(self) -> bool:
        return not (self.typename or self.fields or self.fragments)

    def brought(self) -> tuple[Brought, ...]:
        """What an answer brings to the tree."""
        found = [Brought(field.selected.key, field.below.brought()) for field in self.fields.values()]
        for inner in self.fragments.values():
            found += inner.brought()
        return tuple(found)


class DraftField:
    """`alias` is its name on the way, where that can't be its key; `condition` what must hold beside the step's own."""

    __slots__ = ("alias", "below", "condition", "field", "selected")

    def __init__(self, selected: Selected, field: SubgraphField, condition: Condition) -> None:
        self.selected = selected
        self.field = field
        self.alias = selected.key
        self.condition = condition
        self.below = Draft(field.named)
