"""Reads a supergraph SDL of any join version (v0.1 to the newest)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLError,
    InlineFragmentNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SelectionSetNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
    parse_type,
    print_ast,
    validate_schema,
    value_from_ast_untyped,
)

from .api_schema import derive_api_schema, is_executable
from .model import ContextArgument, FieldSet, InvalidSupergraph, Key, Kind, Subgraph, SubgraphField, SubgraphType, Supergraph
from .specifications import Specifications, read_specifications

_Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode
_Arguments = Mapping[str, object]

_OF_GRAPHQL = {"skip", "include", "defer", "stream"}
_ABOUT_DEPRECATION = re.compile("(must not|cannot) be deprecated")


def load_supergraph(sdl: str) -> Supergraph:
    """The supergraph that `sdl` describes.

    Raises InvalidSupergraph, naming the place, for whatever the join specification does not allow.
    """
    try:
        document = parse(sdl, no_location=True)
    except GraphQLError as error:
        raise InvalidSupergraph(f"the supergraph is no GraphQL document: {error.message}") from error
    specifications = read_specifications(document)
    without_machinery = _without_machinery(document, specifications)
    inaccessible = specifications.directive("inaccessible", "inaccessible")
    try:
        schema = build_ast_schema(without_machinery, assume_valid_sdl=True)
        api_schema = derive_api_schema(without_machinery, inaccessible)
    except (GraphQLError, TypeError) as error:
        raise InvalidSupergraph(str(error)) from error
    errors = validate_schema(schema) or validate_schema(api_schema)
    if serious := [error.message for error in errors if not _ABOUT_DEPRECATION.search(error.message)]:
        raise InvalidSupergraph("; ".join(serious))
    if errors:
        # One subgraph may deprecate what another, or an interface, does not; that hinders nobody.
        api_schema = derive_api_schema(without_machinery, inaccessible, assume_valid=True)
    loader = _Loader(document, specifications)
    return Supergraph(
        schema=schema,
        api_schema=api_schema,
        subgraphs=loader.load(),
        contexts=loader.contexts,
        directives={
            definition.name.value: frozenset(location.value for location in definition.locations)
            for definition in document.definitions
            if isinstance(definition, DirectiveDefinitionNode)
            and is_executable(definition)
            and definition.name.value not in _OF_GRAPHQL
            and not specifications.own(definition.name.value, directive=True)
        },
    )


def _without_machinery(document: DocumentNode, specifications: Specifications) -> DocumentNode:
    kept = [
        definition
        for definition in document.definitions
        if not (
            (
                isinstance(definition, DirectiveDefinitionNode)
                and specifications.own(definition.name.value, directive=True)
                and not is_executable(definition)
            )
            or (isinstance(definition, TypeDefinitionNode) and specifications.own(definition.name.value, directive=False))
        )
    ]
    return DocumentNode(definitions=tuple(kept))


class _Loader:
    def __init__(self, document: DocumentNode, specifications: Specifications) -> None:
        self._specifications = specifications
        self._join = specifications.join
        # Types, members and subgraphs are taken by name, so that plans do not depend on the order of the text.
        self._definitions: dict[str, _Composite] = {
            definition.name.value: definition
            for definition in sorted(
                (definition for definition in document.definitions if isinstance(definition, _Composite)),
                key=lambda definition: definition.name.value,
            )
            if not specifications.own(definition.name.value, directive=False)
        }
        self._roots = {"Query", "Mutation", "Subscription"}
        for definition in document.definitions:
            if isinstance(definition, SchemaDefinitionNode):
                self._roots = {operation.type.name.value for operation in definition.operation_types}
        self.contexts = self._read_contexts(document)
        self._graphs = self._read_graphs(document)
        self._types: dict[str, dict[str, SubgraphType]] = {graph: {} for graph in self._graphs}

    def load(self) -> dict[str, Subgraph]:
        known = {name: self._graphs_of_type(name) for name in self._definitions}
        for name, definition in self._definitions.items():
            for graph in known[name]:
                self._types[graph][name] = self._read_type(definition, graph, known)
        return {name: Subgraph(name=name, url=url, types=self._types[graph]) for graph, (name, url) in self._graphs.items()}

    def _read_graphs(self, document: DocumentNode) -> dict[str, tuple[str, str]]:
        for definition in document.definitions:
            if isinstance(definition, EnumTypeDefinitionNode) and definition.name.value == self._join.type("Graph"):
                graphs: dict[str, tuple[str, str]] = {}
                for value in definition.values or ():
                    graph = value.name.value
                    arguments = next(iter(self._applied(value.directives, "graph")), None)
                    if arguments is None or not isinstance(arguments.get("name"), str):
                        raise InvalidSupergraph(f"{definition.name.value}.{graph}: no @{self._join.directive('graph')}(name:)")
                    graphs[graph] = (str(arguments["name"]), str(arguments.get("url") or ""))
                return dict(sorted(graphs.items(), key=lambda graph: graph[1]))
        raise InvalidSupergraph(f"no enum {self._join.type('Graph')}: the subgraphs are not named")

    def _read_contexts(self, document: DocumentNode) -> dict[str, tuple[str, ...]]:
        name = self._specifications.directive("context", "context")
        setters: dict[str, tuple[str, ...]] = {}
        for definition in document.definitions if name else ():
            if isinstance(definition, _Composite):
                for arguments in _arguments_of(definition.directives, name):
                    context = str(arguments.get("name"))
                    setters[context] = (*setters.get(context, ()), definition.name.value)
        return setters

    def _applied(self, directives: Iterable[ConstDirectiveNode] | None, element: str) -> list[_Arguments]:
        return _arguments_of(directives, self._join.directive(element))

    def _graph(self, arguments: _Arguments, place: str) -> str:
        graph = arguments.get("graph")
        if not isinstance(graph, str) or graph not in self._graphs:
            raise InvalidSupergraph(f"{place}: unknown graph {graph!r}")
        return graph

    def _graphs_of_type(self, name: str) -> list[str]:
        """Where a type is known: by its @join__type; without one (join v0.1) everywhere, or where a field says so."""
        definition = self._definitions[name]
        named = {self._graph(arguments, name) for arguments in self._applied(definition.directives, "type")}
        if named and not self._applied(definition.directives, "owner"):
            return [graph for graph in self._graphs if graph in named]
        if not named and self._join.version > (0, 1):
            raise InvalidSupergraph(f"{name}: no @{self._join.directive('type')}, so no subgraph knows it")
        named |= {self._graph(arguments, name) for arguments in self._applied(definition.directives, "owner")}
        if not named and name in self._roots and not isinstance(definition, UnionTypeDefinitionNode):
            for field in definition.fields or ():
                for arguments in self._applied(field.directives, "field"):
                    if "graph" in arguments:
                        named.add(self._graph(arguments, f"{name}.{field.name.value}"))
        return [graph for graph in self._graphs if graph in named or not named]

    def _read_type(self, definition: _Composite, graph: str, known: Mapping[str, Sequence[str]]) -> SubgraphType:
        name = definition.name.value
        keys: list[Key] = []
        interface_object = False
        for arguments in self._applied(definition.directives, "type"):
            if arguments["graph"] != graph:
                continue
            interface_object = interface_object or arguments.get("isInterfaceObject") is True
            if isinstance(text := arguments.get("key"), str):
                field_set = self._field_set(text, name, f"@key of {name} in {graph}")
                keys.append(Key(field_set, resolvable=arguments.get("resolvable") is not False))
        kind = Kind.OBJECT
        members: list[str] = [name]
        if isinstance(definition, UnionTypeDefinitionNode):
            kind, members = Kind.UNION, self._members_of_union(definition, graph, known)
        elif isinstance(definition, InterfaceTypeDefinitionNode):
            kind = Kind.INTERFACE_OBJECT if interface_object else Kind.INTERFACE
            members = self._members_of_interface(name, graph, known)
        elif interface_object:
            raise InvalidSupergraph(f"{name} in {graph}: isInterfaceObject, but it is no interface")
        return SubgraphType(
            name=name,
            kind=kind,
            keys=tuple(keys),
            fields={} if isinstance(definition, UnionTypeDefinitionNode) else self._read_fields(definition, graph, keys),
            members=tuple(members),
        )

    def _members_of_interface(self, name: str, graph: str, known: Mapping[str, Sequence[str]]) -> list[str]:
        members: list[str] = []
        for candidate, definition in self._definitions.items():
            if not isinstance(definition, ObjectTypeDefinitionNode) or graph not in known[candidate]:
                continue
            if all(interface.name.value != name for interface in definition.interfaces or ()):
                continue
            said = self._applied(definition.directives, "implements")
            if not said or any(each.get("graph") == graph and each.get("interface") == name for each in said):
                members.append(candidate)
        return members

    def _members_of_union(self, definition: UnionTypeDefinitionNode, graph: str, known: Mapping[str, Sequence[str]]) -> list[str]:
        said = self._applied(definition.directives, "unionMember")
        members = sorted(member.name.value for member in definition.types or () if graph in known.get(member.name.value, ()))
        if not said:
            return members
        named = {each.get("member") for each in said if self._graph(each, definition.name.value) == graph}
        return [member for member in members if member in named]

    def _read_fields(
        self, definition: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode, graph: str, keys: Sequence[Key]
    ) -> dict[str, SubgraphField]:
        owners = self._applied(definition.directives, "owner")
        # v0.1: a field of an entity without @join__field is its owner's; keys are known wherever they are said.
        unsaid_here = not owners or any(each.get("graph") == graph for each in owners)
        key_fields = {
            selection.name.value for key in keys for selection in key.fields.node.selections if isinstance(selection, FieldNode)
        }
        extends = any(
            each["graph"] == graph and each.get("extension") is True for each in self._applied(definition.directives, "type")
        )
        fields: dict[str, SubgraphField] = {}
        for field in definition.fields or ():
            name = field.name.value
            place = f"{definition.name.value}.{name}"
            said = self._applied(field.directives, "field")
            if not said or (owners and not any("graph" in each for each in said)):
                # What v0.1 says of another graph can still be provided, so it is known as external.
                elsewhere = {} if unsaid_here or name in key_fields else {"external": True}
                fields[name] = self._read_field(field, elsewhere, place)
                continue
            found = False
            for arguments in said:
                if "graph" in arguments and self._graph(arguments, place) == graph:
                    if extends and name in key_fields:
                        arguments = {**arguments, "external": False}  # Federation 1 has the keys of extensions external
                    fields[name] = self._read_field(field, arguments, place)
                    self._apply_labels(fields, name, arguments, said)
                    found = True
            if not found and owners:
                fields[name] = self._read_field(field, {} if name in key_fields else {"external": True}, place)
        return fields

    def _apply_labels(
        self, fields: dict[str, SubgraphField], name: str, arguments: _Arguments, said: Sequence[_Arguments]
    ) -> None:
        """A progressive override makes the new home active with its label, and the old one without it."""
        field = fields[name]
        label = arguments.get("overrideLabel")
        active = "override" in arguments
        if not isinstance(label, str):
            here = self._graphs[str(arguments["graph"])][0]
            label = next(
                (each["overrideLabel"] for each in said if each.get("override") == here and "overrideLabel" in each), None
            )
        if isinstance(label, str):
            fields[name] = replace(field, external=False, label=label, active=active)

    def _read_field(self, field: FieldDefinitionNode, arguments: _Arguments, place: str) -> SubgraphField:
        type_node = field.type
        if isinstance(text := arguments.get("type"), str):
            try:
                type_node = parse_type(text, no_location=True)
            except GraphQLError as error:
                raise InvalidSupergraph(f"{place}: type {text!r} can't be read: {error.message}") from error
        named, lists = _unwrap(type_node)
        requires, provides = arguments.get("requires"), arguments.get("provides")
        parent = place.partition(".")[0]
        external = arguments.get("external") is True or arguments.get("usedOverridden") is True
        return SubgraphField(
            name=field.name.value,
            shape=print_ast(type_node),
            named=named,
            lists=lists,
            external=external,
            requires=self._field_set(requires, parent, f"@requires of {place}") if isinstance(requires, str) else None,
            provides=self._field_set(provides, named, f"@provides of {place}") if isinstance(provides, str) else None,
            contextual=self._contextual(arguments.get("contextArguments"), place),
        )

    def _contextual(self, arguments: object, place: str) -> tuple[ContextArgument, ...]:
        found: list[ContextArgument] = []
        for each in arguments if isinstance(arguments, list) else ():
            match each:
                case {"name": str(name), "type": str(type_), "context": str(context), "selection": str(selection)}:
                    pass
                case _:
                    raise InvalidSupergraph(f"{place}: a context argument has a name, a type, a context and a selection")
            setters = self.contexts.get(context, ())
            if not setters:
                raise InvalidSupergraph(f"{place}: it takes the context {context}, which no type sets")
            sets = [self._field_set(selection, setter, f"the context {context} of {place}") for setter in setters]
            found.append(ContextArgument(name, type_, context, sets[0]))
        return tuple(found)

    def _field_set(self, text: str, parent: str, place: str) -> FieldSet:
        inner = text.strip().removeprefix("{").removesuffix("}") if text.strip().startswith("{") else text
        try:
            definition = parse("{" + inner + "}", no_location=True).definitions[0]
        except GraphQLError as error:
            raise InvalidSupergraph(f"{place}: {text!r} can't be read: {error.message}") from error
        node = getattr(definition, "selection_set", None)
        if not isinstance(node, SelectionSetNode):
            raise InvalidSupergraph(f"{place}: {text!r} is no selection of fields")
        self._check_field_set(node, parent, place)
        return FieldSet(text=text, node=node)

    def _check_field_set(self, node: SelectionSetNode, parent: str, place: str) -> None:
        definition = self._definitions.get(parent)
        if definition is None:
            raise InvalidSupergraph(f"{place}: {parent} has no fields")
        fields = {} if isinstance(definition, UnionTypeDefinitionNode) else {f.name.value: f for f in definition.fields or ()}
        for selection in node.selections:
            if isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                self._check_field_set(selection.selection_set, condition.name.value if condition else parent, place)
            elif isinstance(selection, FieldNode):
                name = selection.name.value
                if name == "__typename":
                    continue
                if name not in fields:
                    raise InvalidSupergraph(f"{place}: {parent} has no field {name}")
                if selection.selection_set:
                    self._check_field_set(selection.selection_set, _unwrap(fields[name].type)[0], place)
            else:
                raise InvalidSupergraph(f"{place}: a named fragment can't be used here")


def _arguments_of(directives: Iterable[ConstDirectiveNode] | None, name: str | None) -> list[_Arguments]:
    return [
        {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
        for directive in directives or ()
        if directive.name.value == name
    ]


def _unwrap(node: TypeNode) -> tuple[str, int]:
    lists = 0
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        lists += isinstance(node, ListTypeNode)
        node = node.type
    return node.name.value if isinstance(node, NamedTypeNode) else "", lists
