"""A subgraph as the gateway sees it: an SDL, and operations executed for a caller."""

from collections.abc import AsyncGenerator, Callable, Mapping
from inspect import isawaitable
from typing import Any

import structlog
from cachetools import LRUCache
from graphql import DocumentNode, ExecutionResult, Executor, GraphQLError, create_source_event_stream, execute, parse, validate
from strawberry.federation import Schema

from murmur.errors import DEFECT, ApiError, ErrorCode
from murmur.identity import Caller
from murmur.runtime.compiled import CompiledOperation, NotCompilable
from murmur.runtime.completion import Located
from murmur.runtime.context import RequestContext
from murmur.runtime.scalars import SCHEMA_CONFIG

_log = structlog.get_logger()
_DOCUMENT_CHARACTERS = 500_000
_MAX_TOKENS = 20_000

Prepared = CompiledOperation | DocumentNode | list[GraphQLError]
"""What a document came to: compiled, left to graphql-core, or refused."""

Response = dict[str, Any]
"""A GraphQL response: `data` (absent when nothing ran) and `errors`, as plain values."""


def federated_schema(
    query: type, mutation: type | None = None, types: tuple[type, ...] = (), subscription: type | None = None
) -> Schema:
    """A subgraph's schema with the scalars that all share. `types` are entities that no field of this subgraph returns."""
    return Schema(query=query, mutation=mutation, subscription=subscription, types=types, config=SCHEMA_CONFIG)


class Subgraph:
    """A schema with what makes the context of a request. Documents are parsed and validated once and then remembered."""

    def __init__(self, name: str, schema: Schema, context: Callable[[Caller], RequestContext]) -> None:
        self.name = name
        self.sdl = schema.as_str()
        self._strawberry = schema
        # Strawberry's own `execute` would parse and validate each time; the graphql-core schema below it is what runs.
        self._schema = schema._schema  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] (no public name for it)
        self._context = context
        # Compiled, a document takes some two hundred times its own length.
        self._operations: LRUCache[tuple[str, str | None], tuple[int, Prepared]]
        self._operations = LRUCache(_DOCUMENT_CHARACTERS, getsizeof=lambda known: known[0])

    async def execute(
        self, document: str, variables: Mapping[str, object] | None, operation_name: str | None, caller: Caller
    ) -> Response:
        """Execute one query or mutation. Never raises for what a document or a resolver does wrong."""
        operation = self._prepare(document, operation_name)
        if isinstance(operation, list):
            return {"errors": [_bad_input(error) for error in operation]}
        context, given = self._context(caller), dict(variables or {})
        if isinstance(operation, CompiledOperation):
            data, errors = await operation.execute(context, given)
        else:
            data, errors = await self._interpret(operation, operation_name, context, given)
        context.close()
        return self._respond(data, errors)

    async def subscribe(
        self, document: str, variables: Mapping[str, object] | None, operation_name: str | None, caller: Caller
    ) -> AsyncGenerator[Response]:
        """A response for each event of a subscription; closing the generator ends its source. Never raises for what a
        document or a resolver does wrong."""
        operation = self._prepare(document, operation_name)
        if isinstance(operation, list):
            yield {"errors": [_bad_input(error) for error in operation]}
            return
        parsed = operation.document if isinstance(operation, CompiledOperation) else operation
        given, context = dict(variables or {}), self._context(caller)
        executor = Executor.build(
            self._schema, parsed, context_value=context, raw_variable_values=given, operation_name=operation_name
        )
        if isinstance(executor, list):
            yield {"errors": [_bad_input(error) for error in executor]}
            return
        source = create_source_event_stream(executor)
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            yield self._respond(source.data, [(error, list(error.path or ())) for error in source.errors or ()])
            return
        try:
            async for event in source:
                # A context of its own for each event: what a loader remembers is of one moment.
                fresh = self._context(caller)
                if isinstance(operation, CompiledOperation):
                    yield self._respond(*await operation.execute(fresh, given, event))
                else:
                    yield self._respond(*await self._interpret(operation, operation_name, fresh, given, event))
                fresh.close()
        except ApiError as error:
            # The source broke off; the client is told why, and connects again.
            yield {"data": None, "errors": [{"message": str(error), "extensions": error.extensions()}]}
        finally:
            context.close()
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    def _respond(self, data: dict[str, Any] | None, errors: list[Located]) -> Response:
        response: Response = {"data": data}
        if errors:
            response["errors"] = [self._present(error, path) for error, path in errors]
        return response

    def _prepare(self, document: str, operation_name: str | None) -> Prepared:
        known = self._operations.get((document, operation_name))
        if known is not None:
            return known[1]
        try:
            parsed = parse(document, no_location=True, max_tokens=_MAX_TOKENS)
            prepared: Prepared = validate(self._schema, parsed) or self._compile(parsed, operation_name)
        except (GraphQLError, RecursionError) as error:
            prepared = [error if isinstance(error, GraphQLError) else GraphQLError("the document is nested too deeply")]
        if len(document) <= _DOCUMENT_CHARACTERS:
            self._operations[document, operation_name] = (len(document), prepared)
        return prepared

    def _compile(self, parsed: DocumentNode, operation_name: str | None) -> CompiledOperation | DocumentNode:
        try:
            return CompiledOperation(self._strawberry, parsed, operation_name)
        except NotCompilable:
            return parsed

    async def _interpret(
        self,
        parsed: DocumentNode,
        operation_name: str | None,
        context: RequestContext,
        variables: dict[str, object],
        event: object = None,
    ) -> tuple[dict[str, Any] | None, list[Located]]:
        result = execute(
            self._schema,
            parsed,
            root_value=event,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        return result.data, [(error, list(error.path or ())) for error in result.errors or ()]

    def _present(self, error: Exception, path: list[Any]) -> dict[str, Any]:
        cause = error
        while isinstance(cause, GraphQLError) and cause.original_error is not None:
            cause = cause.original_error
        if isinstance(cause, GraphQLError):
            return _bad_input(cause, path)
        shown: dict[str, Any] = {"message": str(cause), "path": path}
        if isinstance(cause, ApiError):
            return shown | {"extensions": cause.extensions()}
        _log.error("resolver failed", subgraph=self.name, path=path, exc_info=cause)
        return shown | {"message": DEFECT, "extensions": {"code": ErrorCode.INTERNAL.value}}


def _bad_input(error: GraphQLError, path: list[Any] | None = None) -> dict[str, Any]:
    extensions = {"code": ErrorCode.BAD_USER_INPUT.value, **(error.extensions or {})}
    shown: dict[str, Any] = {"message": error.message, "extensions": extensions}
    if path or error.path:
        shown["path"] = path or error.path
    return shown
