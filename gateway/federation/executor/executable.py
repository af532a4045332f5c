"""One planned operation, ready to run: its plan's functions, its completion, its part that is answered at home."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from graphql import GraphQLError

from ..planner import Operation
from ..planner.plan import Fetch
from .complete import Completer
from .fields import ClientPaths
from .follow import follow
from .introspect import Introspection
from .prepare import Execution, Run
from .problems import ClientError, client_errors
from .transport import Transport
from .variables import Variables

Response = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Executable:
    """`run` is None where no subgraph is needed. For a subscription it runs for each event, and `primary` is the stream."""

    operation: Operation
    variables: Variables | None
    run: Run | None
    primary: tuple[Fetch, Transport] | None
    completer: Completer
    introspection: Introspection | None
    name_services: bool

    async def execute(self, variables: Mapping[str, object] | None, context: object) -> Response:
        coerced = self._coerce(variables)
        if isinstance(coerced, list):
            return {"errors": coerced}
        execution = Execution({}, coerced, context)
        if self.introspection:
            execution.tree.update(self.introspection.answer(variables or {}))
        if self.run:
            await self.run(execution)
        return self._respond(execution)

    async def subscribe(self, variables: Mapping[str, object] | None, context: object) -> AsyncGenerator[Response, None]:
        coerced = self._coerce(variables)
        if isinstance(coerced, list):
            yield {"errors": coerced}
            return
        if self.primary is None:
            raise ValueError(f"a {self.operation.kind.value} is executed, not subscribed to")
        fetch, transport = self.primary
        async with aclosing(follow(fetch, self.run, transport, coerced, context)) as executions:
            async for execution in executions:
                yield self._respond(execution)

    def _coerce(self, variables: Mapping[str, object] | None) -> Mapping[str, object] | list[Response]:
        """The values for the subgraphs, defaults among them, or formatted errors."""
        if self.variables is None:
            return {}
        coerced = self.variables.coerce(variables or {})
        return [formatted(error, "BAD_USER_INPUT") for error in coerced] if isinstance(coerced, list) else coerced

    def _respond(self, execution: Execution) -> Response:
        found: list[ClientError] = []
        if execution.problems:
            paths = ClientPaths(self.operation.selections, execution.tree, execution.variables)
            found = client_errors(execution.problems, paths, name_service=self.name_services)
        data, flaws = self.completer.complete(execution.tree, execution.variables, [each.path for each in found if each.path])
        nulls: dict[int, bool] = {}
        for each in found:
            if not each.exact:
                each.lead_to_null(data, nulls)
        errors = [each.error for each in found]
        for message, path in flaws:
            errors.append({"message": message, "path": [*path], "extensions": {"code": "INTERNAL"}})
        return {"data": data, "errors": errors} if errors else {"data": data}


def formatted(error: GraphQLError, code: str) -> Response:
    """The error as the specification formats it, with the code."""
    return {**error.formatted, "extensions": {**(error.extensions or {}), "code": code}}
