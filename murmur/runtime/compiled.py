"""Operations compiled once and executed many times.

The gateway sends a subgraph few distinct documents again and again, and graphql-core walks the document anew for every
field of every list item (about 12 µs a field). Here the walk happens once: what is left for a request is a closure a field,
so that a plain attribute costs well under a microsecond. The answer is the one that the GraphQL specification asks for;
what a compiled operation does not cover (introspection) is left to graphql-core.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    get_argument_values,
    get_variable_values,
    is_abstract_type,
    is_leaf_type,
    print_ast,
)
from strawberry.federation import Schema
from strawberry.schema.schema_converter import get_arguments
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.utils.inspect import get_func_args

from murmur.runtime.completion import (
    Condition,
    Located,
    Path,
    Put,
    Run,
    Slot,
    Step,
    any_of,
    attribute,
    constant,
    holds,
    is_awaitable,
    place,
    present,
    put_leaf,
    put_list,
    put_object,
)

Selections = list[tuple[SelectionSetNode, Condition]]


class NotCompilable(Exception):
    """The operation needs graphql-core itself."""


class CompiledOperation:
    """One operation of a validated document. Raises NotCompilable, or GraphQLError when the document has no such operation."""

    def __init__(self, schema: Schema, document: DocumentNode, operation_name: str | None) -> None:
        self._strawberry = schema
        self._schema = schema._schema  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] (no public name for it)
        self._operation = _choose(document, operation_name)
        self._fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            raise NotCompilable
        self.document = document
        self._classes = {
            concrete.definition.origin: concrete.implementation
            for concrete in schema.schema_converter.type_map.values()
            if isinstance(concrete.definition, StrawberryObjectDefinition)
            and isinstance(concrete.implementation, GraphQLObjectType)
        }
        # Representations are JSON as it comes: graphql-core's walk over it would change nothing.
        self._coerced = [node for node in self._operation.variable_definitions or () if not _is_representations(node)]
        self._steps = self._steps_of(root, [(self._operation.selection_set, ())])

    async def execute(
        self, context: object, variables: dict[str, Any], event: object = None
    ) -> tuple[dict[str, Any] | None, list[Located]]:
        """The data and the errors, each with its path. A variable that does not fit is an error without data.

        For a subscription, what one `event` of its source comes to.
        """
        values = get_variable_values(self._schema, self._coerced, variables)
        if isinstance(values, list):
            return None, [(error, []) for error in values]
        run = Run(context, values, variables)
        data = cast(dict[str, Any], run.data)
        serial = self._operation.operation is OperationType.MUTATION
        for condition, step in self._steps:
            if condition and not holds(condition, values.coerced):
                continue
            step(run, event, data, None, None)
            if serial:
                await run.drain()
        await run.drain()
        return run.data, run.errors

    def _steps_of(self, parent: GraphQLObjectType, selections: Selections) -> list[Step]:
        found: dict[str, list[tuple[FieldNode, Condition]]] = {}
        self._collect(parent, selections, found, frozenset())
        steps: list[Step] = []
        for key, occurrences in found.items():
            conditions = [condition for _, condition in occurrences]
            field = self._field(parent, key, occurrences)
            if any(not condition for condition in conditions) or len(set(conditions)) == 1:
                steps.append(((), field) if not all(conditions) else (conditions[0], field))
            else:
                steps.append(((), any_of(conditions, field)))
        return steps

    def _collect(
        self,
        parent: GraphQLObjectType,
        selections: Selections,
        found: dict[str, list[tuple[FieldNode, Condition]]],
        inside: frozenset[str],
    ) -> None:
        for selection_set, outer in selections:
            for node in selection_set.selections:
                condition = _condition(node, outer)
                if condition is None:
                    continue
                if isinstance(node, FieldNode):
                    key = node.alias.value if node.alias else node.name.value
                    found.setdefault(key, []).append((node, condition))
                    continue
                if isinstance(node, FragmentSpreadNode):
                    fragment = self._fragments[node.name.value]
                    if node.name.value in inside:
                        continue
                    below = inside | {node.name.value}
                else:
                    fragment, below = cast(InlineFragmentNode, node), inside
                if fragment.type_condition is None or self._applies(fragment.type_condition.name.value, parent):
                    self._collect(parent, [(fragment.selection_set, condition)], found, below)

    def _applies(self, name: str, parent: GraphQLObjectType) -> bool:
        if name == parent.name:
            return True
        type_ = self._schema.type_map.get(name)
        return is_abstract_type(type_) and self._schema.is_sub_type(type_, parent)

    def _field(
        self, parent: GraphQLObjectType, key: str, occurrences: list[tuple[FieldNode, Condition]]
    ) -> Callable[[Run, Any, dict[str, Any], Path, Slot], None]:
        nodes = [node for node, _ in occurrences]
        name = nodes[0].name.value
        if name == "__typename":
            return constant(key, parent.name)
        if name in ("__schema", "__type"):
            raise NotCompilable
        field = parent.fields[name]
        below = [(node.selection_set, condition) for node, condition in occurrences if node.selection_set is not None]
        put = self._put(field.type, below)
        if parent is self._schema.subscription_type:
            return _event(key, put)
        definition = cast("StrawberryField | None", field.extensions.get("strawberry-definition"))
        if definition is not None and definition.is_basic_field:
            return attribute(key, definition.python_name, put)
        if parent is self._schema.query_type and name == "_entities":
            return self._entities(key, field, nodes[0], put)
        return self._call(parent, key, field, nodes, definition, put)

    def _call(
        self,
        parent: GraphQLObjectType,
        key: str,
        field: GraphQLField,
        nodes: list[FieldNode],
        definition: StrawberryField | None,
        put: Put,
    ) -> Callable[[Run, Any, dict[str, Any], Path, Slot], None]:
        """A resolver's call. Its arguments and its `info` are the same for every item of a list, so they are made once a run."""
        config, scalars = self._strawberry.config, self._strawberry.schema_converter.scalar_registry
        resolver = None if definition is None or definition.extensions else definition.base_resolver
        if resolver is not None and (resolver.parent_parameter or resolver.root_parameter or not resolver.self_parameter):
            resolver = None
        number = id(nodes[0])

        def prepare(run: Run) -> tuple[Callable[..., Any], dict[str, Any]]:
            given = get_argument_values(field, nodes[0], run.variables)
            info = self._info(run, parent, field, nodes)
            if definition is None or resolver is None:
                return partial(_resolve_with, cast(Callable[..., Any], field.resolve), info), given
            strawberry_info = config.info_class(_raw_info=info, _field=definition)
            _, kwargs = get_arguments(
                field=definition, source=None, info=strawberry_info, kwargs=given, config=config, scalar_registry=scalars
            )
            return cast(Callable[..., Any], resolver.wrapped_func), kwargs

        def step(run: Run, source: Any, out: dict[str, Any], path: Path, slot: Slot) -> None:
            try:
                call = run.calls.get(number)
                if call is None:
                    call = run.calls[number] = prepare(run)
                value = call[0](source, **call[1])
            except Exception as error:
                value = error
            put(run, value, out, key, path, slot)

        return step

    def _info(self, run: Run, parent: GraphQLObjectType, field: GraphQLField, nodes: list[FieldNode]) -> GraphQLResolveInfo[Any]:
        """As graphql-core makes it, but without a path: it serves every item of a list."""
        return GraphQLResolveInfo(
            field_name=nodes[0].name.value,
            field_nodes=nodes,
            return_type=field.type,
            parent_type=parent,
            path=None,  # pyright: ignore[reportArgumentType] (see above)
            schema=self._schema,
            fragments=self._fragments,
            root_value=None,
            operation=self._operation,
            variable_values=run.variables,
            context=run.context,
            is_awaitable=is_awaitable,
            abort_signal=None,
            async_helpers=None,  # pyright: ignore[reportArgumentType] (nothing here starts work of its own)
        )

    def _entities(
        self, key: str, field: GraphQLField, node: FieldNode, put: Put
    ) -> Callable[[Run, Any, dict[str, Any], Path, Slot], None]:
        definition = cast(StrawberryField, field.extensions.get("strawberry-definition"))
        info_class = self._strawberry.config.info_class
        references = {
            name: _reference(concrete.definition.origin)
            for name, concrete in self._strawberry.schema_converter.type_map.items()
            if isinstance(concrete.definition, StrawberryObjectDefinition)
            and hasattr(concrete.definition.origin, "resolve_reference")
        }

        value = node.arguments[0].value if node.arguments else None
        variable = value.name.value if isinstance(value, VariableNode) else None

        def step(run: Run, _source: Any, out: dict[str, Any], path: Path, slot: Slot) -> None:
            raw = self._info(run, cast(GraphQLObjectType, self._schema.query_type), field, [node])
            info = info_class(_raw_info=raw, _field=definition)
            if variable is None:
                representations = get_argument_values(field, node, run.variables)["representations"]
            else:
                representations = run.given.get(variable)
            if isinstance(representations, list):
                put(run, [resolve(info, each) for each in cast(list[Any], representations)], out, key, path, slot)
            else:
                put(run, GraphQLError("representations: a list of objects is needed"), out, key, path, slot)

        def resolve(info: Any, representation: Any) -> Any:
            try:
                given = dict(representation)
                reference = references.get(given.pop("__typename", None))
                if reference is None:
                    raise GraphQLError(f"{str(representation)[:200]} is not a representation of an entity of this subgraph")
                return reference(info, given)
            except Exception as error:
                return error

        return step

    def _put(self, type_: GraphQLOutputType, below: Selections) -> Put:
        required = isinstance(type_, GraphQLNonNull)
        named = cast(GraphQLOutputType, type_.of_type) if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(named, GraphQLList):
            return put_list(self._put(named.of_type, below), required)
        if is_leaf_type(named):
            return put_leaf(named, required)
        if is_abstract_type(named):
            return self._put_abstract(named, below, required)
        return put_object(self._steps_of(cast(GraphQLObjectType, named), below), required)

    def _put_abstract(self, type_: GraphQLAbstractType, below: Selections, required: bool) -> Put:
        by_class: dict[type, Put] = {}

        def put(run: Run, value: Any, container: Any, key: Any, path: Path, slot: Slot) -> None:
            chosen = by_class.get(type(value))
            if chosen is None:
                if not present(run, value, container, key, path, slot, required, put):
                    return
                concrete = self._classes.get(type(value))
                if concrete is None or not self._schema.is_sub_type(type_, concrete):
                    error = TypeError(f"{type(value).__name__} is no type of {type_.name}")
                    run.fail(error, path, key, place(required, container, key, slot))
                    return
                chosen = by_class[type(value)] = put_object(self._steps_of(concrete, below), required)
            chosen(run, value, container, key, path, slot)

        return put


def _event(key: str, put: Put) -> Callable[[Run, Any, dict[str, Any], Path, Slot], None]:
    """The one field of a subscription, whose value is the event itself."""

    def step(run: Run, source: Any, out: dict[str, Any], path: Path, slot: Slot) -> None:
        put(run, source, out, key, path, slot)

    return step


def _resolve_with(resolve: Callable[..., Any], info: GraphQLResolveInfo[Any], source: Any, **given: Any) -> Any:
    return resolve(source, info, **given)


def _reference(origin: Any) -> Callable[[Any, dict[str, Any]], Any]:
    resolve = origin.resolve_reference
    if "info" in get_func_args(resolve):
        return lambda info, given: resolve(info=info, **given)
    return lambda _info, given: resolve(**given)


def _is_representations(node: VariableDefinitionNode) -> bool:
    """Whether a variable is of `[_Any!]!`, as the gateway declares it."""
    return print_ast(node.type) == "[_Any!]!"


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) == 1:
        return operations[0]
    for operation in operations:
        if name is not None and operation.name is not None and operation.name.value == name:
            return operation
    raise GraphQLError(f"the document has {len(operations)} operations; name one of them in `operationName`")


def _condition(node: SelectionNode, outer: Condition) -> Condition | None:
    """The variables that `@skip` and `@include` ask about, those around included; None when the node never counts."""
    condition = outer
    for directive in node.directives or ():
        wanted = {"include": True, "skip": False}.get(directive.name.value)
        if wanted is None:
            continue
        value = directive.arguments[0].value if directive.arguments else None
        if isinstance(value, VariableNode):
            condition = (*condition, (value.name.value, wanted))
        elif cast(BooleanValueNode, value).value is not wanted:
            return None
    return condition
