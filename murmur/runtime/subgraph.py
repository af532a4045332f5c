"""A subgraph as the gateway sees it: an SDL, and operations executed for a caller."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from cachetools import LRUCache
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute, parse, validate
from strawberry.federation import Schema

from murmur.errors import ApiError, ErrorCode
from murmur.identity import Caller
from murmur.runtime.context import RequestContext
from murmur.runtime.scalars import SCHEMA_CONFIG

_log = structlog.get_logger()
_DOCUMENTS = 2_000
_MAX_TOKENS = 20_000

Response = dict[str, Any]
"""A GraphQL response: `data` (absent when nothing ran) and `errors`, as plain values."""


def federated_schema(query: type, mutation: type | None = None, types: tuple[type, ...] = ()) -> Schema:
    """A subgraph's schema with the scalars that all share. `types` are entities that no field of this subgraph returns."""
    return Schema(query=query, mutation=mutation, types=types, config=SCHEMA_CONFIG)


class Subgraph:
    """A schema with what makes the context of a request. Documents are parsed and validated once and then remembered."""

    def __init__(self, name: str, schema: Schema, context: Callable[[Caller], RequestContext]) -> None:
        self.name = name
        self.sdl = schema.as_str()
        # Strawberry's own `execute` would parse and validate each time; the graphql-core schema below it is what runs.
        self._schema = schema._schema  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] (no public name for it)
        self._context = context
        self._documents: LRUCache[str, DocumentNode | list[GraphQLError]] = LRUCache(_DOCUMENTS)

    async def execute(
        self, document: str, variables: Mapping[str, object] | None, operation_name: str | None, caller: Caller
    ) -> Response:
        """Execute one query or mutation. Never raises for what a document or a resolver does wrong."""
        parsed = self._parse(document)
        if isinstance(parsed, list):
            return {"errors": [_bad_input(error) for error in parsed]}
        result = execute(
            self._schema,
            parsed,
            context_value=self._context(caller),
            variable_values=dict(variables or {}),
            operation_name=operation_name,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        response: Response = {"data": result.data}
        if result.errors:
            response["errors"] = [self._present(error) for error in result.errors]
        return response

    def _parse(self, document: str) -> DocumentNode | list[GraphQLError]:
        known = self._documents.get(document)
        if known is None:
            try:
                known = parse(document, no_location=True, max_tokens=_MAX_TOKENS)
                known = validate(self._schema, known) or known
            except (GraphQLError, RecursionError) as error:
                known = [error if isinstance(error, GraphQLError) else GraphQLError("the document is nested too deeply")]
            self._documents[document] = known
        return known

    def _present(self, error: GraphQLError) -> dict[str, Any]:
        cause = error.original_error
        if cause is None:
            return _bad_input(error)
        shown: dict[str, Any] = {"message": str(cause), "path": error.path}
        if isinstance(cause, ApiError):
            shown["extensions"] = cause.extensions()
            return shown
        _log.error("resolver failed", subgraph=self.name, path=error.path, exc_info=cause)
        return shown | {
            "message": "something went wrong here; it has been logged",
            "extensions": {"code": ErrorCode.INTERNAL.value},
        }


def _bad_input(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "message": error.message,
        "extensions": {"code": ErrorCode.BAD_USER_INPUT.value, **(error.extensions or {})},
    }
    if error.path:
        shown["path"] = error.path
    return shown
