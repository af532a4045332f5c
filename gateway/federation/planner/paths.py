"""The cheapest resolution of every selected field over the query graph."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from graphql import FieldNode, FragmentDefinitionNode, InlineFragmentNode, SelectionSetNode

from ..supergraph import FieldSet, Kind, SubgraphField
from .choice import Option, choose
from .contexts import ContextFinder
from .directives import CustomDirectives
from .node import Node
from .operation import Budget, Condition, Keys, Selected, SelectionReader, both
from .query_graph import Entrance, Jump, QueryGraph
from .resolution import Given, Local, Narrowing, Resolution, Taken, before, combine

_TYPENAME = "__typename"
_Avoided = frozenset[str | FieldSet]
_Provided = tuple[SelectionSetNode, ...]


class PathFinder:
    """Finds resolutions for one operation; what was found for a node and a selection is remembered."""

    def __init__(self, graph: QueryGraph, keys: Keys, budget: Budget) -> None:
        self._graph = graph
        self._budget = budget
        no_fragments: dict[str, FragmentDefinitionNode] = {}
        no_directives = CustomDirectives(graph.schema, {})
        self._reader = SelectionReader(graph.schema, graph.possible, keys, budget, no_fragments, no_directives)
        self._found: dict[tuple[object, ...], tuple[tuple[Selected, ...], Resolution]] = {}
        self._merged: dict[tuple[object, ...], tuple[tuple[Selected, ...], tuple[Selected, ...]]] = {}
        self._read: dict[tuple[FieldSet, str], tuple[Selected, ...]] = {}
        self._keys: dict[tuple[object, ...], tuple[Jump, tuple[Given, ...]] | None] = {}
        self._typenames: dict[frozenset[str], Selected] = {}
        self._contexts = ContextFinder(graph, self._read_once, self.find)

    def find(self, node: Node, selections: tuple[Selected, ...], avoided: _Avoided = frozenset()) -> Resolution:
        """The best resolution of `selections` from `node`, jumping to no subgraph of `avoided`."""
        identity = (node.identity, tuple(map(id, selections)), avoided)
        found = self._found.get(identity)
        if found is None:
            self._budget.spend(7 + len(selections) // 2)
            declared = self._graph.type(node.subgraph, node.type) if node.subgraph else None
            if node.subgraph and declared and declared.kind.abstract:
                resolution = self._find_abstract(node, node.subgraph, declared.members, selections, avoided)
            else:
                resolution = self._find_object(node, selections, avoided)
            found = self._found[identity] = (selections, resolution)
        return found[1]

    # An abstract type: what all members answer alike is asked once, the rest member by member.

    def _find_abstract(
        self,
        node: Node,
        subgraph: str,
        members: Sequence[str],
        selections: tuple[Selected, ...],
        avoided: _Avoided,
    ) -> Resolution:
        possible = [member for member in members if member in node.types]
        types = frozenset(possible)
        if node.type in node.types:  # an interface that nobody implements
            types = node.types
        here: list[Local] = []
        apart: list[Selected] = []
        for selected in self._merge(selections, types):
            if selected.name == _TYPENAME:
                continue
            alike = selected.types >= types and self._graph.asks_alike(subgraph, node.type, selected.name)
            local = self._local(node, selected) if alike and not node.provided else None
            if local and not (local.child and local.child.missing):
                here.append(local)
            else:
                apart.append(selected)
        narrowings: list[Narrowing] = []
        missing: list[Selected] = []
        unreached: set[Selected] = set() if possible else {*apart}
        # What is asked of the interface itself, one source has to know for all members.
        whole = {(each.key, each.condition): each for each in apart if each.leaf and each.types >= types}
        for member in possible if apart else ():
            own = frozenset((member,))
            applying = tuple(selected for selected in apart if member in selected.types)
            if not applying:
                continue
            inner = Node(subgraph, member, own, node.provided, scope=node.scope, first=node.first)
            resolution = self.find(inner, applying, avoided)
            for each in resolution.missing:
                if len(possible) > 1 and (asked := whole.get((each.key, each.condition))):
                    unreached.add(asked)
                else:
                    missing.append(replace(each, types=own))
            if not resolution.resolves_nothing:
                narrowings.append(Narrowing(member, resolution))
        missing += (each for each in apart if each in unreached)
        return combine(tuple(here), tuple(narrowings), (), tuple(missing))

    # An object: each field here or by a jump, decided for all of them together.

    def _find_object(self, node: Node, selections: tuple[Selected, ...], avoided: _Avoided) -> Resolution:
        here: list[Local] = []
        undecided: list[tuple[Selected, Local | None]] = []
        wanted = self._merge(selections, node.types)
        if self._needs_owner(node):
            wanted = self._with_typename(node, wanted)
        else:
            wanted = tuple(selected for selected in wanted if selected.name != _TYPENAME)
        for selected in wanted:
            local = self._local(node, selected)
            if local and (local.child is None or (not local.child.missing and local.child.fetches == 0)):
                here.append(local)
            else:
                undecided.append((selected, local))
        if not undecided:
            return combine(tuple(here), (), (), ())
        resolution = self._decide(node, here, undecided, avoided)
        # In the order in which they were selected: mutations run in the order of their document.
        order = {selected.key: number for number, selected in reversed([*enumerate(wanted)])}
        in_order = sorted(resolution.locals, key=lambda local: order[local.selected.key])
        return replace(resolution, locals=tuple(in_order))

    def _decide(
        self, node: Node, here: list[Local], undecided: list[tuple[Selected, Local | None]], avoided: _Avoided
    ) -> Resolution:
        assigned: list[tuple[Selected, Option]] = []
        missing: list[Selected] = []
        pending = [(selected, self._options(node, selected, local, avoided)) for selected, local in undecided]
        while pending:
            resolvable = [(selected, options) for selected, options in pending if options]
            missing += (selected for selected, options in pending if not options)
            pending = []
            for (selected, options), chosen in zip(
                resolvable, choose([each[1] for each in resolvable], self._budget), strict=True
            ):
                assigned.append((selected, chosen))
                for rest in chosen.missing:
                    # What one source leaves is asked of the others, each of them once.
                    others = [option for option in options if option is not chosen]
                    rest = replace(rest, condition=both(rest.condition, _shared_condition(rest.children)))
                    pending.append((rest, self._again(node, rest, others, avoided)))
        here += (option.local for _, option in assigned if option.local)
        return combine(tuple(here), (), tuple(self._take(node, assigned, avoided)), tuple(missing))

    def _again(self, node: Node, rest: Selected, options: list[Option], avoided: _Avoided) -> list[Option]:
        sources = {option.source for option in options}
        local = self._local(node, rest) if None in sources else None
        return [option for option in self._options(node, rest, local, avoided) if option.source in sources]

    def _options(self, node: Node, selected: Selected, local: Local | None, avoided: _Avoided) -> list[Option]:
        options: list[Option] = []
        if local:
            child = local.child
            missing = (replace(selected, children=child.missing),) if child and child.missing else ()
            options.append(Option(None, local, (), combine((local,), (), (), missing), missing))
        if node.closed:
            return options
        own = next(iter(node.types)) if len(node.types) == 1 else node.type
        entrances = self._graph.entrances(own, selected.name, below=node.subgraph is not None)
        entered = (self._option(node, entrance, selected, avoided) for entrance in entrances)
        return [*options, *(option for option in entered if option)]

    def _option(self, node: Node, entrance: Entrance, selected: Selected, avoided: _Avoided) -> Option | None:
        self._budget.spend()
        requires = entrance.field.requires if entrance.field else None
        contextual = entrance.field is not None and bool(entrance.field.contextual)
        if requires:
            if requires in avoided:
                return None
        elif contextual:
            pass
        elif (entrance.subgraph, entrance.type) == (node.subgraph, node.type) or entrance.subgraph in avoided:
            return None
        key = self._key(node, entrance, avoided)
        if key is None:
            return None
        jump, given = key
        if requires:
            required = self._resolve_input(node, requires, jump, avoided | {requires})
            if required.resolution.missing:
                return None
            given = (*given, required)
        values = self._contexts.values(node, entrance.field) if entrance.field else ()
        if values is None:
            return None
        granted = frozenset((selected.name,)) if requires or values else frozenset[str]()
        if entrance.field and selected.leaf and entrance.kind is not Kind.INTERFACE:
            alone = Resolution(0, 0, 1, (Local(selected, entrance.field, None),))
            return Option(jump, None, given, alone, (), values)
        target = self._arrive(node, jump, (selected,), granted, avoided)
        if target.resolves_nothing and (target.missing or selected.name != _TYPENAME):
            return None
        return Option(jump, None, given, target, target.missing, values)

    def _key(self, node: Node, entrance: Entrance, avoided: _Avoided) -> tuple[Jump, tuple[Given, ...]] | None:
        """The cheapest jump to there from `node`, and its key; None when no key can be resolved."""
        slot = (node.identity, entrance.subgraph, entrance.type, avoided)
        if slot in self._keys:
            return self._keys[slot]
        best: tuple[Jump, tuple[Given, ...]] | None = None
        price: tuple[int, int, int] | None = None
        for jump in entrance.jumps:
            if jump.key is None:
                best = (jump, ())
                break
            given = self._resolve_input(node, jump.key, jump, avoided | {jump.subgraph})
            way = given.resolution
            if not way.missing and (price is None or (way.depth, way.fetches, way.size) < price):
                best, price = (jump, (given,)), (way.depth, way.fetches, way.size)
        self._keys[slot] = best
        return best

    def _resolve_input(self, node: Node, fields: FieldSet, jump: Jump, avoided: _Avoided) -> Given:
        selections = self._read_once(fields, jump.type)
        return Given(fields, jump.type, selections, self.find(node, selections, avoided))

    def _read_once(self, fields: FieldSet, parent: str) -> tuple[Selected, ...]:
        selections = self._read.get((fields, parent))
        if selections is None:
            selections = self._read[fields, parent] = self._reader.read(parent, fields.node)
        return selections

    def _arrive(
        self, node: Node, jump: Jump, selections: tuple[Selected, ...], granted: frozenset[str], avoided: _Avoided
    ) -> Resolution:
        entered = {jump.subgraph}
        if node.subgraph and not self._learns_type(node, node.subgraph, jump):
            entered.add(node.subgraph)
        types = node.types & self._graph.possible.of(jump.type)
        first = (node.first or node) if self._graph.setters else None
        there = Node(jump.subgraph, jump.type, types, granted=granted, closed=True, scope=node.scope, first=first)
        return self.find(there, selections, avoided | entered)

    def _learns_type(self, node: Node, subgraph: str, jump: Jump) -> bool:
        """Whether the jump tells what an interface object really is, which opens ways back that were closed before."""
        here, there = self._graph.type(subgraph, node.type), self._graph.type(jump.subgraph, jump.type)
        return bool(here and there and here.kind is Kind.INTERFACE_OBJECT and there.kind is Kind.INTERFACE)

    def _take(self, node: Node, assigned: Sequence[tuple[Selected, Option]], avoided: _Avoided) -> list[Taken]:
        """The jumps of the chosen options: one for each subgraph, unless waiting for a requirement would cost a step."""
        depth = max((option.depth for _, option in assigned), default=0)
        taken: list[Taken] = []
        by_jump: dict[Jump, list[tuple[Selected, Option]]] = {}
        for selected, option in assigned:
            if option.jump:
                by_jump.setdefault(option.jump, []).append((selected, option))
        order = {selected: number for number, (selected, _) in enumerate(assigned)}
        for jump, parts in by_jump.items():
            parts = sorted(parts, key=lambda part: -before(part[1].inputs))
            while parts:
                first = parts[0]
                waiting = before(first[1].inputs)
                together = [first]
                for part in parts[1:]:
                    inputs = [given for _, option in (*together, part) for given in option.given]
                    # One representation then carries what any of them requires: more than each needs, but to send an
                    # object twice in a request would have the subgraph resolve it twice.
                    if waiting + 1 + part[1].target.depth <= depth and not _conflict(inputs):
                        together.append(part)
                together.sort(key=lambda part: order[part[0]])
                taken.append(self._together(node, jump, together, avoided))
                parts = [part for part in parts if part not in together]
        return taken

    def _together(self, node: Node, jump: Jump, parts: Sequence[tuple[Selected, Option]], avoided: _Avoided) -> Taken:
        given = {each.fields: each for _, option in parts for each in option.given}
        granted = frozenset(
            selected.name for selected, option in parts if option.values or len(option.given) > (1 if jump.key else 0)
        )
        selections = tuple(selected for selected, _ in parts)
        self._budget.spend(len(selections))
        target = self._arrive(node, jump, selections, granted, avoided)
        dependents = tuple(
            tuple(selected for selected, option in parts if any(each.fields is fields for each in option.given))
            for fields in given
        )
        values = tuple((selected, option.values) for selected, option in parts if option.values)
        return Taken(jump, tuple(given.values()), target, selections, dependents, values)

    # Where one stands

    def _needs_owner(self, node: Node) -> bool:
        """Whether the object's own name is unknown here: the subgraph has only the interface, as an object."""
        declared = self._graph.type(node.subgraph, node.type) if node.subgraph else None
        return declared is not None and declared.kind is Kind.INTERFACE_OBJECT and len(node.types) > 1

    def _with_typename(self, node: Node, wanted: tuple[Selected, ...]) -> tuple[Selected, ...]:
        """Adds what the objects are called where only some of them are asked for something."""
        names = [selected for selected in wanted if selected.name == _TYPENAME]
        if not names and all(selected.types >= node.types for selected in wanted):
            return wanted
        typename = self._typenames.get(node.types)
        if typename is None:
            typename = Selected(_TYPENAME, _TYPENAME, _TYPENAME, "", frozenset(), node.types, (), True, ())
            self._typenames[node.types] = typename
        return (*(selected for selected in wanted if selected not in names), typename)

    def _local(self, node: Node, selected: Selected) -> Local | None:
        if node.subgraph is None:
            return None
        field = self._graph.field(node.subgraph, node.type, selected.name)
        if field is None or (field.needs_jump and selected.name not in node.granted):
            return None
        provided = self._provided(node, selected.name)
        if field.external and provided is None:
            return None
        if selected.leaf:
            return Local(selected, field, None)
        child = self._child(node, node.subgraph, field, selected, provided or ())
        if child is None:
            return None
        resolution = self.find(child, selected.children)
        return None if resolution.resolves_nothing and resolution.missing else Local(selected, field, resolution)

    def _child(self, node: Node, subgraph: str, field: SubgraphField, selected: Selected, provided: _Provided) -> Node | None:
        declared = self._graph.type(subgraph, field.named)
        if declared is None:
            return None
        types = frozenset(declared.members)
        possible = self._graph.possible.of(field.named)
        if declared.kind is Kind.INTERFACE_OBJECT or field.named in possible:
            types = possible
        if field.provides:
            provided = (*provided, field.provides.node)
        return Node(subgraph, field.named, types, provided, scope=node.scope_below(selected.types, self._graph.setters))

    def _provided(self, node: Node, name: str) -> _Provided | None:
        """What is provided below the field `name`, or None when it is not provided itself."""
        found: list[SelectionSetNode] = []
        known = False
        pending = [selection for selection_set in node.provided for selection in selection_set.selections]
        while pending:
            selection = pending.pop()
            if isinstance(selection, FieldNode) and selection.name.value == name:
                known = True
                if selection.selection_set:
                    found.append(selection.selection_set)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or node.types & self._graph.possible.of(condition.name.value):
                    pending += selection.selection_set.selections
        return tuple(found) if known else None

    def _merge(self, selections: tuple[Selected, ...], types: frozenset[str]) -> tuple[Selected, ...]:
        """The selections that can apply to `types`, those of one key, condition and types made one.

        Where a field is asked for anyway, a stronger condition under which it is asked for again goes to what is below.
        """
        identity = (tuple(map(id, selections)), types)
        if found := self._merged.get(identity):
            return found[1]
        conditions: dict[tuple[str, frozenset[str]], dict[Condition, None]] = {}
        for selected in selections:
            if applying := selected.types & types:
                conditions.setdefault((selected.key, applying), {})[selected.condition] = None
        groups: dict[tuple[object, ...], list[Selected]] = {}
        for selected in selections:
            if applying := selected.types & types:
                weakest = _weakest(selected.condition, conditions[selected.key, applying])
                if weakest != selected.condition:
                    if selected.leaf:
                        continue
                    selected = _push_down(selected, weakest)
                groups.setdefault((selected.key, weakest, applying), []).append(selected)
        merged: list[Selected] = []
        for group in groups.values():
            if len(group) == 1:
                merged.append(group[0])
            else:
                children = tuple({id(child): child for each in group for child in each.children}.values())
                same = all(each.types == group[0].types for each in group)
                merged.append(replace(group[0], children=children, types=group[0].types if same else types & group[0].types))
        self._merged[identity] = (selections, tuple(merged))
        return self._merged[identity][1]


def _shared_condition(selections: Sequence[Selected]) -> Condition:
    """What must hold for any of the selections to be wanted."""
    shared: set[tuple[str, bool]] | None = None
    for each in selections:
        own = {*each.condition, *_shared_condition(each.children)}
        shared = own if shared is None else shared & own
    return tuple(sorted(shared or ()))


def _weakest(condition: Condition, others: Iterable[Condition]) -> Condition:
    """The first of the others that holds wherever `condition` does, or that itself."""
    return next((each for each in sorted(others, key=len) if {*each} < {*condition}), condition) if condition else condition


def _push_down(selected: Selected, weaker: Condition) -> Selected:
    """The same for a field that is asked for under a weaker condition: the rest holds for what is selected on it."""
    rest = tuple(each for each in selected.condition if each not in weaker)
    children = tuple(replace(child, condition=both(child.condition, rest)) for child in selected.children)
    return replace(selected, condition=weaker, children=children)


def _conflict(inputs: Sequence[Given]) -> bool:
    """Whether two inputs want one field of the representation with different arguments."""
    names: dict[tuple[str, ...], str] = {}

    def clashes(selections: Sequence[Selected], path: tuple[str, ...]) -> bool:
        return any(
            names.setdefault((*path, each.name), each.key) != each.key or clashes(each.children, (*path, each.name))
            for each in selections
        )

    return any(clashes(each.selections, ()) for each in inputs)
