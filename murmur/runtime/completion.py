"""Completing values in place: what is left to do for a field once its operation is compiled.

Execution goes level by level: what can be answered without waiting is answered, then everything that a level waits for is
awaited together, which is what lets loaders batch. A value is put into its place before it is filled, so an error below a
non-null field finds the place to null (the *slot*) wherever its awaiting ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeGuard

from graphql import GraphQLLeafType

Container = dict[str, Any] | list[Any]
Slot = tuple[Any, Any] | None
"""The nearest place above that may be null, as (container, key); None is the whole answer."""
Path = tuple[Any, Any] | None
"""A linked list: (path of the parent, key)."""
Located = tuple[Exception, list[Any]]
"""An error and its path."""
Put = Callable[["Run", Any, Any, Any, Path, Slot], None]
"""Puts a completed value under a key of a container: (run, value, container, key, path of the container, slot)."""
Field = Callable[["Run", Any, dict[str, Any], Path, Slot], None]
"""Resolves and puts one field of an object: (run, source, object under construction, its path, slot)."""
Condition = tuple[tuple[str, bool], ...]
"""Variables with the value that each must have for a selection to count."""
Step = tuple[Condition, Field]

_INT_BOUND = 2**31


class Run:
    """One execution of a compiled operation. `variables` are graphql-core's `VariableValues` of what was `given`."""

    __slots__ = ("calls", "context", "data", "errors", "given", "pending", "variables")

    def __init__(self, context: object, variables: Any, given: Mapping[str, Any]) -> None:
        self.context = context
        self.variables = variables
        self.given = given
        self.data: dict[str, Any] | None = {}
        self.errors: list[Located] = []
        self.pending: list[tuple[Awaitable[Any], Put, Any, Any, Path, Slot]] = []
        self.calls: dict[int, tuple[Callable[..., Any], dict[str, Any]]] = {}

    def fail(self, error: Exception, path: Path, key: object, slot: Slot) -> None:
        """Record an error at `key` below `path` and null the slot."""
        keys = [key]
        while path is not None:
            path, above = path
            keys.append(above)
        self.errors.append((error, keys[::-1]))
        if slot is None:
            self.data = None
        else:
            container, place = slot
            container[place] = None

    async def drain(self) -> None:
        while self.pending:
            batch, self.pending = self.pending, []
            # Loaders hand out futures that are under way already; only coroutines have to be started.
            waiting = [entry[0] if isinstance(entry[0], asyncio.Future) else asyncio.ensure_future(entry[0]) for entry in batch]
            try:
                for future, (_, put, container, key, path, slot) in zip(waiting, batch, strict=True):
                    try:
                        value = await future
                    except Exception as error:
                        value = error
                    put(self, value, container, key, path, slot)
            except BaseException:
                for future in waiting:
                    future.cancel()
                raise


def is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    return hasattr(value, "__await__")


def holds(condition: Condition, variables: Mapping[str, Any]) -> bool:
    return all(variables.get(name) is wanted for name, wanted in condition)


def any_of(conditions: list[Condition], field: Field) -> Field:
    """A field that is written several times counts when one of its places does."""

    def step(run: Run, source: Any, out: dict[str, Any], path: Path, slot: Slot) -> None:
        if any(holds(condition, run.variables.coerced) for condition in conditions):
            field(run, source, out, path, slot)

    return step


def constant(key: str, value: str) -> Field:
    def step(_run: Run, _source: Any, out: dict[str, Any], _path: Path, _slot: Slot) -> None:
        out[key] = value

    return step


def attribute(key: str, name: str, put: Put) -> Field:
    def step(run: Run, source: Any, out: dict[str, Any], path: Path, slot: Slot) -> None:
        put(run, getattr(source, name), out, key, path, slot)

    return step


def place(required: bool, container: Any, key: Any, slot: Slot) -> Slot:
    """What an error here nulls: the value's own place when it may be null."""
    return slot if required else (container, key)


def present(run: Run, value: Any, container: Any, key: Any, path: Path, slot: Slot, required: bool, put: Put) -> bool:
    """Whether there is a value to complete now. An awaitable is waited for, null and errors go where they belong."""
    if value is None:
        container[key] = None
        if required:
            run.fail(TypeError("null for a field that is never null"), path, key, slot)
        return False
    if isinstance(value, Exception):
        container[key] = None
        run.fail(value, path, key, place(required, container, key, slot))
        return False
    if hasattr(value, "__await__"):
        # Its place is taken at once, so that the answer keeps the order of the selections.
        container[key] = None
        run.pending.append((value, put, container, key, path, slot))
        return False
    return True


def put_leaf(type_: GraphQLLeafType, required: bool) -> Put:
    plain = {"Int": int, "String": str, "Boolean": bool, "ID": str}.get(type_.name)
    bounded = type_.name == "Int"
    serialize = type_.serialize

    def put(run: Run, value: Any, container: Any, key: Any, path: Path, slot: Slot) -> None:
        if type(value) is plain and (not bounded or -_INT_BOUND <= value < _INT_BOUND):
            container[key] = value
        elif present(run, value, container, key, path, slot, required, put):
            try:
                container[key] = serialize(value)
            except Exception as error:
                container[key] = None
                run.fail(error, path, key, place(required, container, key, slot))

    return put


def put_object(steps: list[Step], required: bool) -> Put:
    fields = [field for condition, field in steps if not condition]
    conditional = steps if len(fields) < len(steps) else None

    def put(run: Run, value: Any, container: Any, key: Any, path: Path, slot: Slot) -> None:
        if value is None or isinstance(value, Exception) or hasattr(value, "__await__"):
            present(run, value, container, key, path, slot, required, put)
            return
        out: dict[str, Any] = {}
        container[key] = out
        below = (path, key)
        nullable = slot if required else (container, key)
        if conditional is None:
            for field in fields:
                field(run, value, out, below, nullable)
            return
        for condition, field in conditional:
            if not condition or holds(condition, run.variables.coerced):
                field(run, value, out, below, nullable)

    return put


def put_list(item: Put, required: bool) -> Put:
    def put(run: Run, value: Any, container: Any, key: Any, path: Path, slot: Slot) -> None:
        if not isinstance(value, (list, tuple)):
            if not present(run, value, container, key, path, slot, required, put):
                return
            if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
                container[key] = None
                run.fail(TypeError("not a list"), path, key, place(required, container, key, slot))
                return
            value = list(value)
        out: list[Any] = [None] * len(value)
        container[key] = out
        below = (path, key)
        nullable = slot if required else (container, key)
        for index, entry in enumerate(value):
            item(run, entry, out, index, below, nullable)

    return put
