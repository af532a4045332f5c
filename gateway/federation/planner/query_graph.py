"""The supergraph as a graph: a node is a type seen from one subgraph, an edge a field, a narrowing or a jump."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import get_named_type, is_abstract_type

from ..supergraph import FieldSet, Kind, SubgraphField, SubgraphType, Supergraph
from ..supergraph.schema_types import fields_type
from .directives import CustomDirectives
from .labels import Labels
from .operation import PossibleTypes


@dataclass(frozen=True, slots=True, eq=False)
class Jump:
    """An edge to the same object in `subgraph`: by `key` through `_entities`, or, without a key, to a root type.

    `type` is the type there, and what a representation's `__typename` says.
    """

    subgraph: str
    type: str
    key: FieldSet | None


@dataclass(frozen=True, slots=True, eq=False)
class Entrance:
    """The jumps, each by another key, to one type of one subgraph, and the field that one is looking for there."""

    subgraph: str
    type: str
    kind: Kind
    field: SubgraphField | None
    jumps: tuple[Jump, ...]


class QueryGraph:
    """Built once a supergraph; edges are found as they are asked for, and kept.

    `contexts` names the runtime types that set each context, `setters` those that set any.
    `active` are the override labels that are active.
    """

    def __init__(self, supergraph: Supergraph, active: frozenset[str] = frozenset()) -> None:
        self.supergraph = supergraph
        self.schema = supergraph.schema
        self.directives = CustomDirectives(supergraph.schema, supergraph.directives)
        self.possible = PossibleTypes(supergraph.schema)
        self.field_names = frozenset(
            name for subgraph in supergraph.subgraphs.values() for declared in subgraph.types.values() for name in declared.fields
        )
        roots = (self.schema.query_type, self.schema.mutation_type, self.schema.subscription_type)
        self.root_types = frozenset(root.name for root in roots if root)
        self.contexts = {
            context: frozenset[str]().union(*map(self.possible.of, setters)) for context, setters in supergraph.contexts.items()
        }
        self.setters = frozenset[str]().union(*self.contexts.values())
        self._query = self.schema.query_type.name if self.schema.query_type else ""
        self._subgraphs = supergraph.subgraphs
        self._interface_objects = {
            name: tuple(each for each in subgraph.types.values() if each.kind is Kind.INTERFACE_OBJECT)
            for name, subgraph in supergraph.subgraphs.items()
        }
        self.labels = Labels(supergraph, self.possible)
        self._active = active
        self._entrances: dict[tuple[str, str, bool], tuple[Entrance, ...]] = {}
        self._uniform: dict[tuple[str, str, str], bool] = {}

    def type(self, subgraph: str, name: str) -> SubgraphType | None:
        return self._subgraphs[subgraph].types.get(name)

    def known_type(self, subgraph: str, name: str) -> SubgraphType:
        """The type as the subgraph declares it; KeyError where it has none."""
        return self._subgraphs[subgraph].types[name]

    def field(self, subgraph: str, type_name: str, name: str) -> SubgraphField | None:
        """The field as the subgraph declares it, external or not; None where it has none or an override moved it."""
        declared = self._subgraphs[subgraph].types.get(type_name)
        field = declared.fields.get(name) if declared else None
        if field and field.label is not None and (field.label in self._active) is not field.active:
            return None
        return field

    def returns_abstract(self, type_name: str, name: str) -> bool:
        """Whether the field's objects may be of several types by the API, whatever a subgraph says."""
        return is_abstract_type(get_named_type(fields_type(self.schema, type_name).fields[name].type))

    def asks_alike(self, subgraph: str, type_name: str, name: str) -> bool:
        """Whether the interface's field can be asked for there without naming the members."""
        found = self._uniform.get((subgraph, type_name, name))
        if found is None:
            found = self._uniform[subgraph, type_name, name] = self._asks_alike(subgraph, type_name, name)
        return found

    def _asks_alike(self, subgraph: str, type_name: str, name: str) -> bool:
        declared = self.type(subgraph, type_name)
        if declared is None or declared.kind is not Kind.INTERFACE:
            return False
        for each in (type_name, *declared.members):
            field = self.field(subgraph, each, name)
            if field is None or field.external or field.needs_jump or field.provides:
                return False
        return True

    def entrances(self, type_name: str, name: str, *, below: bool) -> tuple[Entrance, ...]:
        """Where the field `name` of an object of `type_name` may be asked for after a jump.

        `below` a fetch, of root types only queries can be entered again.
        """
        found = self._entrances.get((type_name, name, below))
        if found is None:
            found = self._entrances[type_name, name, below] = tuple(self._find_entrances(type_name, name, below))
        return found

    def _find_entrances(self, type_name: str, name: str, below: bool) -> Iterator[Entrance]:
        if type_name in self.root_types and below and type_name != self._query:
            return
        for each in self._subgraphs.values():
            own = each.types.get(type_name)
            others = (declared for declared in self._interface_objects[each.name] if declared is not own)
            for declared in (own, *others) if own else others:
                field = self.field(each.name, declared.name, name)
                if declared.kind is not Kind.INTERFACE and (field is None or field.external):
                    continue  # of an interface, members may have it, or their own jumps lead to it
                if type_name in self.root_types:
                    jumps = [Jump(each.name, type_name, None)] if declared.name == type_name else []
                elif self._reaches(declared, type_name):
                    jumps = [Jump(each.name, declared.name, key.fields) for key in declared.keys if key.resolvable]
                else:
                    jumps = []
                if jumps:
                    yield Entrance(each.name, declared.name, declared.kind, field, tuple(jumps))

    def _reaches(self, declared: SubgraphType, type_name: str) -> bool:
        """Whether an entity declared so stands for every object of `type_name`."""
        if declared.name == type_name:
            return declared.kind is not Kind.UNION
        return declared.kind is Kind.INTERFACE_OBJECT and self.possible.of(type_name) <= self.possible.of(declared.name)
