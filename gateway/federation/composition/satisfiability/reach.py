"""What can be reached from a node: other subgraphs by keys, fields by their requirements.

Both hang on each other (a key may need a field that requires another key), so they are grown together to a fixed point:
nothing is reachable until its conditions are, and what is reachable stays so.
"""

from collections.abc import Iterable

from ..field_sets import FieldSet, InvalidFieldSet, Narrowed, Selected, parse_field_set
from ..model import Field
from ..roles import context_selections
from .nodes import KeyEdge, Node, View

Nodes = frozenset[Node]
Contexts = frozenset[str]


class Reachability:
    """Answers for one view of the subgraphs; remembers what it found."""

    def __init__(self, view: View) -> None:
        self.view: View = view
        self._reach: dict[Node, set[Node]] = {}
        self._requirements: dict[tuple[Node, str], bool] = {}
        self._edges: dict[str, list[KeyEdge]] = {}
        self._unsettled: list[Node] = []
        self._open: list[tuple[Node, str]] = []
        self._is_settling: bool = False

    def reach(self, node: Node) -> Nodes:
        """The node and all that key jumps lead to from it."""
        self._known(node)
        self._settle()
        return frozenset(self._reach[node])

    def reach_all(self, nodes: Iterable[Node]) -> Nodes:
        return frozenset(reached for node in nodes for reached in self.reach(node))

    def follow(self, node: Node, name: str, contexts: Contexts = frozenset()) -> Field | None:
        """The field, where it can be resolved from this very node, its requirements included."""
        field = self.view.resolvable_field(node, name)
        if field is None:
            return None
        if field.has("requires") and not self._is_met(node, field):
            return None
        for _, context, _ in context_selections(field):
            if f"{node.subgraph}.{context}" not in contexts:
                return None
        return field

    def can_select(self, nodes: Iterable[Node], field_set: FieldSet) -> bool:
        """Whether everything in a field set can be had for the object that all these nodes stand for."""
        return all(self._can_select_one(frozenset(nodes), selection) for selection in field_set)

    def key_edges(self, type_name: str) -> list[KeyEdge]:
        if type_name not in self._edges:
            self._edges[type_name] = self.view.key_edges(type_name)
        return self._edges[type_name]

    def _known(self, node: Node) -> set[Node]:
        if node not in self._reach:
            self._reach[node] = {node}
            self._unsettled.append(node)
        return self._reach[node]

    def _is_met(self, node: Node, field: Field) -> bool:
        asked = (node, field.name)
        if asked not in self._requirements:
            self._requirements[asked] = False
            self._open.append(asked)
            self._known(node)
            self._settle()
        return self._requirements[asked]

    def _settle(self) -> None:
        """Grow what is not settled until nothing changes. Growing asks for more nodes; those join the same round."""
        if self._is_settling or not (self._unsettled or self._open):
            return
        self._is_settling = True
        changed = True
        while changed:
            sizes = (len(self._unsettled), len(self._open))
            grown = [self._grow(node) for node in tuple(self._unsettled)]
            met = [self._meet(asked) for asked in tuple(self._open)]
            changed = any(grown) or any(met) or sizes != (len(self._unsettled), len(self._open))
        self._unsettled.clear()
        self._open.clear()
        self._is_settling = False

    def _grow(self, node: Node) -> bool:
        reached = self._reach[node]
        before = len(reached)
        if node.type == "Query":
            reached.update(Node(edge.name, "Query") for edge in self.view.all_subgraphs() if "Query" in edge.types)
        for edge in self.key_edges(node.type):
            target = Node(edge.subgraph, edge.type)
            if edge.is_resolvable and target not in reached and self.can_select(reached, edge.fields):
                reached.add(target)
        return len(reached) > before

    def _meet(self, asked: tuple[Node, str]) -> bool:
        if self._requirements[asked]:
            return False
        node, name = asked
        field = self.view.definition(node).fields[name]
        self._requirements[asked] = all(self._is_obtainable(node, text) for text in requirements(field))
        return self._requirements[asked]

    def _is_obtainable(self, node: Node, required: str) -> bool:
        """Whether a requirement can be fetched, and handed back by a key where it comes from elsewhere."""
        try:
            field_set = parse_field_set(required)
        except InvalidFieldSet:
            return False
        if self.can_select((node,), field_set):
            return True
        reached = self._reach[node]
        return self.can_select(reached, field_set) and any(
            edge.subgraph == node.subgraph and self.can_select(reached, edge.fields) for edge in self.key_edges(node.type)
        )

    def _can_select_one(self, nodes: Nodes, selection: Selected | Narrowed) -> bool:
        if isinstance(selection, Narrowed):
            if not selection.type_name:
                return self.can_select(nodes, selection.selections)
            return self._can_select_narrowed(nodes, selection)
        if selection.name == "__typename":
            return True
        if self._can_select_directly(nodes, selection):
            return True
        # Not a field of the interface itself: then of each implementation that this subgraph may give.
        return any(self.view.is_abstract(node) and self._can_select_everywhere(node, selection) for node in nodes)

    def _can_select_directly(self, nodes: Nodes, selection: Selected) -> bool:
        targets: set[Node] = set()
        found = False
        for node in nodes:
            field = self.follow(node, selection.name)
            if field is not None:
                found = True
                target = self.view.target(node, field)
                if target is not None:
                    targets |= self._known(target)
        return found and (not selection.selections or self.can_select(targets, selection.selections))

    def _can_select_everywhere(self, node: Node, selection: Selected) -> bool:
        members = self.view.subgraph(node.subgraph).possible_types(node.type)
        return bool(members) and all(
            self._can_select_one(frozenset(self._known(Node(node.subgraph, member, node.provided))), selection)
            for member in members
        )

    def _can_select_narrowed(self, nodes: Nodes, fragment: Narrowed) -> bool:
        for node in nodes:
            for member in self.view.subgraph(node.subgraph).possible_types(node.type):
                if not self.view.is_subtype(member, fragment.type_name):
                    continue
                narrowed = self.view.cast(node, member)
                if narrowed and not self.can_select(frozenset(self._known(narrowed)) | nodes, fragment.selections):
                    return False
        return True


def requirements(field: Field) -> tuple[str, ...]:
    return tuple(applied.text("fields") for applied in field.all("requires"))
