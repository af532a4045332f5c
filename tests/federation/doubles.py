"""Subgraphs in process: an SDL, data, and the transport that a gateway reaches them by."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLAbstractType,
    GraphQLInterfaceType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    ObjectTypeDefinitionNode,
    build_schema,
    execute,
    parse,
    validate,
)

from gateway.federation.composition import SubgraphSdl, compose
from gateway.federation.engine import Engine
from gateway.federation.executor import SubgraphRequest, SubgraphResponse, TransportError
from gateway.federation.supergraph import load_supergraph

Data = dict[str, Any]

LINK = """extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9",
  import: [
    "@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject", "@extends",
    "@context", "@fromContext"
  ]
)
"""

LINKS = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
{ query: Query %s }
enum join__Graph { %s }
"""


def supergraph_sdl(graphs: str, types: str) -> str:
    """A supergraph over the graphs named (in lower case by their names): only its types have to be written."""
    values = " ".join(f'{name.upper()} @join__graph(name: "{name}", url: "http://{name}.test")' for name in graphs.split())
    operations = " ".join(f"{kind}: {kind.title()}" for kind in ("mutation", "subscription") if f"type {kind.title()} " in types)
    return LINKS % (operations, values) + types


class Recorder:
    """A subgraph that executes its own schema on dictionaries, validates what it is sent, and keeps it.

    `entities` maps a type's name to a function from a representation to the object, or null.
    """

    def __init__(
        self,
        sdl: str,
        roots: Mapping[str, object] | None = None,
        entities: Mapping[str, Callable[[Data], object]] | None = None,
    ) -> None:
        self.sdl = sdl
        self.entities = dict(entities or {})
        self.schema: GraphQLSchema = build_schema(_executable(sdl), assume_valid_sdl=True)
        self.roots: Data = {**(roots or {}), "_entities": self._resolve_entities}
        for named in self.schema.type_map.values():
            if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
                named.resolve_type = _resolve_type
        self.requests: list[SubgraphRequest] = []
        self.down = False
        self.closed = False

    def _resolve_entities(self, _info: GraphQLResolveInfo, representations: list[Data]) -> list[object]:
        found: list[object] = []
        for each in representations:
            entity = self.entities[each["__typename"]](each)
            if isinstance(entity, dict):
                entity = {"__typename": each["__typename"], **entity}
            found.append(entity)
        return found

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        self.requests.append(request)
        if self.down:
            raise TransportError("connection refused")
        document = parse(request.document)
        assert validate(self.schema, document) == [], request.document
        result = execute(
            self.schema, document, self.roots, variable_values=dict(request.variables), operation_name=request.operation_name
        )
        if hasattr(result, "__await__"):
            result = await result  # pyright: ignore
        formatted = result.formatted  # pyright: ignore
        return SubgraphResponse(formatted.get("data"), formatted.get("errors", ()))

    async def subscribe(
        self,
        request: SubgraphRequest,
        context: object,
    ) -> AsyncIterator[SubgraphResponse]:
        """Streams what the root `events` holds; an exception among them breaks the stream."""
        self.requests.append(request)
        document = parse(request.document)
        assert validate(self.schema, document) == [], request.document
        try:
            for event in self.roots["events"]:
                if isinstance(event, Exception):
                    raise event
                result = execute_subscription_event(document, self.schema, event, dict(request.variables))
                yield SubgraphResponse(result.data, [each.formatted for each in result.errors or ()])
        finally:
            self.closed = True


class Canned(Recorder):
    """Answers what it was told to, whatever is asked."""

    def __init__(self, sdl: str, data: object = None, errors: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__(sdl)
        self.answer: SubgraphResponse | TransportError = SubgraphResponse(data, errors)

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        self.requests.append(request)
        if isinstance(self.answer, TransportError):
            raise self.answer
        return self.answer


def execute_subscription_event(document: DocumentNode, schema: GraphQLSchema, event: Data, variables: Data) -> ExecutionResult:
    result = execute(schema, document, event, variable_values=variables)
    assert isinstance(result, ExecutionResult)
    return result


def _resolve_type(value: Data, _info: GraphQLResolveInfo, _type: GraphQLAbstractType) -> str:
    return value["__typename"]


def _executable(sdl: str) -> str:
    """A subgraph's SDL with the fields that every subgraph has."""
    definitions = parse(sdl).definitions
    objects = [each for each in definitions if isinstance(each, ObjectTypeDefinitionNode)]
    members = [each.name.value for each in objects if any(d.name.value == "key" for d in each.directives or ())]
    if all(each.name.value != "Query" for each in objects):
        sdl += " type Query { _service: String }"
    if members:
        sdl += f" scalar _Any union _Entity = {' | '.join(members)}"
        sdl += " extend type Query { _entities(representations: [_Any!]!): [_Entity]! }"
    return sdl


def federate(subgraphs: Mapping[str, Recorder], **options: Any) -> Engine:
    """An engine over the composed SDLs of the subgraphs, by their names."""
    sdl = compose(SubgraphSdl(name, f"http://{name}.test", LINK + each.sdl) for name, each in subgraphs.items())
    return Engine(load_supergraph(sdl), subgraphs, **options)


def engine(sdl: str, **options: Any) -> Engine:
    """An engine over `sdl`; options that are Recorders are its subgraphs, those named in `sdl` but not given are silent."""
    supergraph = load_supergraph(sdl)
    subgraphs = {name: value for name, value in options.items() if isinstance(value, Recorder)}
    rest = {name: value for name, value in options.items() if name not in subgraphs}
    silent = Recorder("type Query { nothing: Int }")
    return Engine(supergraph, {name: subgraphs.get(name, silent) for name in supergraph.subgraphs}, **rest)


async def ask(engine: Engine, document: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
    return await engine.execute(engine.prepare(document), variables, None)


def plan(engine: Engine, document: str) -> str:
    return str(engine.prepare(document).plan)
