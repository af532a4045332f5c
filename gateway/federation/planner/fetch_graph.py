"""Resolutions to a fetch graph: the steps to take, and which of them each needs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..supergraph import Kind
from .documents import print_selection
from .draft import Draft
from .operation import Condition, Selected, both
from .plan import (
    LIST,
    ContextInput,
    ContextSource,
    InputField,
    OperationKind,
    Path,
    Representation,
    print_condition,
    print_context,
    print_path,
    print_representation,
)
from .query_graph import QueryGraph
from .resolution import Drawn, Resolution, Taken


@dataclass(slots=True, eq=False)
class Step:
    """A fetch in the making. `conditions` are alternatives, each of them enough for the step to be taken."""

    subgraph: str
    kind: OperationKind
    path: Path
    draft: Draft
    needs: "set[Step]" = field(default_factory=set)
    representations: list[Representation] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)

    def add_representation(self, added: Representation) -> None:
        for index, each in enumerate(self.representations):
            if each == added:
                fields = tuple(_merged(one, other) for one, other in zip(each.fields, added.fields, strict=True))
                self.representations[index] = replace(each, fields=fields)
                return
        self.representations.append(added)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a resolution is written: `path` ends at the objects, `types` are those of them that are meant.

    `condition` is what must hold to come here; `unsaid` the part of it that the step itself does not show yet.
    `enclosing` is where the object around was first reached, `first` where this one was, if not here. `contexts` has the
    contextual arguments of fields, by their keys.
    """

    step: Step | None
    draft: Draft
    subgraph: str | None
    type: str
    path: Path
    types: frozenset[str] | None
    condition: Condition
    unsaid: Condition
    kind: OperationKind = "query"
    enclosing: "_Place | None" = None
    first: "_Place | None" = None
    contexts: Mapping[str, Mapping[str, ContextInput]] = field(default_factory=dict[str, Mapping[str, ContextInput]])

    def above(self, levels: int) -> "_Place":
        place = self
        for _ in range(levels):
            if place.enclosing is None:
                raise ValueError("no object is so far above")
            place = place.enclosing
        return place


class FetchGraph:
    """Steps in the order in which they were first wanted."""

    def __init__(self, graph: QueryGraph) -> None:
        self._graph = graph
        self.steps: list[Step] = []

    def __str__(self) -> str:
        numbers = {step: number for number, step in enumerate(self.steps, 1)}
        return "\n".join(_print_step(step, numbers) for step in self.steps)

    def add_root(self, resolution: Resolution, root: str, kind: OperationKind) -> None:
        self._write(resolution, _Place(None, Draft(""), None, root, (), None, (), (), kind))

    def _write(self, resolution: Resolution, place: _Place) -> set[Step]:
        """Writes a resolution into the step of `place` and new ones; the steps that its values come from."""
        sources: set[Step] = set()
        for local in resolution.locals:
            if place.step is None or place.subgraph is None:
                raise ValueError("above the root fetches nothing is local")
            sources.add(place.step)
            contexts = place.contexts.get(local.selected.key)
            below = place.draft.add(local.selected, local.field, both(local.selected.condition, place.unsaid), contexts)
            if local.child:
                declared = self._graph.known_type(place.subgraph, local.field.named)
                if declared.kind.abstract or self._graph.returns_abstract(place.type, local.selected.name):
                    below.typename = declared.kind is not Kind.INTERFACE_OBJECT
                path = place.path if place.types is None else (*place.path, place.types)
                path = (*path, local.selected.key, *(LIST,) * local.field.lists)
                condition = both(place.condition, local.selected.condition)
                around = place.first or place
                inner = _Place(place.step, below, place.subgraph, local.field.named, path, None, condition, (), enclosing=around)
                sources |= self._write(local.child, inner)
        for narrowing in resolution.narrowings:
            place.draft.typename = True
            types = frozenset((narrowing.type,))
            draft = place.draft.narrow(narrowing.type)
            inner = replace(place, draft=draft, type=narrowing.type, types=types, kind="query", contexts={})
            sources |= self._write(narrowing.resolution, inner)
        for taken in resolution.taken:
            sources |= self._take(taken, place)
        return sources

    def _take(self, taken: Taken, place: _Place) -> set[Step]:
        needs = {place.step} if place.step else set[Step]()
        for given, dependents in zip(taken.given, taken.dependents, strict=True):
            conditions = {selected.condition for selected in dependents}
            wanted = both(place.condition, conditions.pop()) if len(conditions) == 1 else place.condition
            needs |= self._write(given.resolution, replace(place, condition=wanted))
        for selected, values in taken.values:
            wanted = both(place.condition, selected.condition)
            for source in (source for value in values for source in value.sources):
                needs |= self._write(source.given.resolution, replace(place.above(source.up), condition=wanted))
        jump = taken.jump
        step = self._step(jump.subgraph, place, needs, taken)
        for selected in taken.selections:
            step.conditions.append(both(place.condition, selected.condition))
        draft = step.draft
        if jump.key:
            draft = draft.narrow(jump.type)
            representation = Representation(place.types, jump.type, self._inputs(taken))
            step.add_representation(representation)
            declared = self._graph.type(jump.subgraph, jump.type)
            draft.typename = draft.typename or (declared is not None and declared.kind is Kind.INTERFACE)
        inner = _Place(
            step,
            draft,
            jump.subgraph,
            jump.type,
            place.path,
            place.types,
            place.condition,
            place.condition,
            enclosing=place.enclosing,
            first=place.first or place,
            contexts=self._contexts(taken),
        )
        return {step} | self._write(taken.target, inner)

    def _contexts(self, taken: Taken) -> dict[str, dict[str, ContextInput]]:
        return {
            selected.key: {
                each.argument.name: ContextInput(each.argument.type, tuple(map(self._source, each.sources)), (selected.key,))
                for each in values
            }
            for selected, values in taken.values
        }

    def _source(self, drawn: Drawn) -> ContextSource:
        types = None if drawn.types >= drawn.enclosing else drawn.types
        return ContextSource(drawn.up, types, tuple(self._paths(drawn.given.selections, drawn.given.parent, drawn.types)))

    def _paths(self, selections: Iterable[Selected], parent: str, types: frozenset[str]) -> Iterator[Path]:
        """The ways to each leaf, with type conditions where not all objects go on that way."""
        for selected in selections:
            head: Path = (selected.key,) if selected.types >= types else (selected.types, selected.key)
            if selected.leaf:
                yield head
                continue
            named = self._named(parent, selected)
            for rest in self._paths(selected.children, named, self._graph.possible.of(named)):
                yield (*head, *rest)

    def _step(self, subgraph: str, place: _Place, needs: set[Step], taken: Taken) -> Step:
        """The step to write into: one that goes to the same subgraph for the same objects once the same is known."""
        entities = taken.jump.key is not None
        for step in self.steps:
            if (
                step.subgraph == subgraph
                and step.path == place.path
                and step.needs == needs
                and bool(step.representations) is entities
                and not self._clashes(step, taken, place)
            ):
                return step
        step = Step(subgraph, place.kind, place.path, Draft("" if entities else taken.jump.type), needs)
        self.steps.append(step)
        return step

    def _clashes(self, step: Step, taken: Taken, place: _Place) -> bool:
        """Whether the step already sends these objects in another way, or others of which other fields are asked.

        Objects of several types that are sent as their interface share one fragment, so they come in a step of their own.
        """
        if taken.jump.key is None:
            return False
        wanted = Representation(place.types, taken.jump.type, self._inputs(taken))
        return any(
            each != wanted
            and (each.typename == wanted.typename or each.types is None or place.types is None or bool(each.types & place.types))
            for each in step.representations
        )

    def _inputs(self, taken: Taken) -> tuple[InputField, ...]:
        """The first input is the key, which all need; the others are requirements of their dependents."""
        fields: dict[str, InputField] = {}
        for number, (given, selections) in enumerate(zip(taken.given, taken.dependents, strict=True)):
            dependents = tuple(selected.key for selected in selections) if number else ()
            for made in self._fields(given.selections, taken.jump.type, dependents):
                fields[made.name] = _merged(fields[made.name], made) if made.name in fields else made
        return tuple(fields.values())

    def _fields(self, selections: Iterable[Selected], parent: str, dependents: tuple[str, ...]) -> list[InputField]:
        made: dict[str, InputField] = {}
        for selected in selections:
            possible = self._graph.possible.of(parent)
            children = self._fields(selected.children, self._named(parent, selected), dependents)
            if children and self._graph.returns_abstract(parent, selected.name):
                children.insert(0, InputField("__typename", "__typename", None, nullable=False, children=()))
            one = InputField(
                name=selected.name,
                key=selected.key,
                types=None if selected.types >= possible else selected.types,
                nullable=bool(dependents),
                children=tuple(children),
                dependents=dependents,
            )
            made[one.name] = _merged(made[one.name], one) if one.name in made else one
        return list(made.values())

    def _named(self, parent: str, selected: Selected) -> str:
        for name in (parent, *sorted(selected.types)):
            for subgraph in self._graph.supergraph.subgraphs:
                if found := self._graph.field(subgraph, name, selected.name):
                    return found.named
        return parent


def _print_step(step: Step, numbers: Mapping[Step, int]) -> str:
    head = f"{numbers[step]}. {step.kind} {step.subgraph}"
    if step.path:
        head += f' at "{print_path(step.path)}"'
    if step.needs:
        head += f" after {', '.join(str(number) for number in sorted(numbers[needed] for needed in step.needs))}"
    if step.conditions and () not in step.conditions:
        head += f" if {print_condition(tuple(dict.fromkeys(step.conditions)))}"
    inputs = [print_representation(each) for each in step.representations]
    inputs += (print_context(number, each) for number, each in enumerate(step.draft.contexts()))
    return "\n".join([head, *inputs, print_selection(step.draft)])


def _merged(one: InputField, other: InputField) -> InputField:
    children = {child.name: child for child in one.children}
    for child in other.children:
        children[child.name] = _merged(children[child.name], child) if child.name in children else child
    types = None if one.types is None or other.types is None else one.types | other.types
    dependents = tuple(dict.fromkeys((*one.dependents, *other.dependents)))
    return InputField(one.name, one.key, types, one.nullable and other.nullable, tuple(children.values()), dependents)
