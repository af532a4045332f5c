"""Two schema files, or folders like `schema/`, and what changed between them."""

from pathlib import Path

from graphql import GraphQLSchema

from gateway.federation.changes import Change, InvalidSchema, find_changes, read_schema
from murmur.errors import StartupError
from murmur.roles.federation import read_text

COMMITTED = Path("schema")
"""The folder of the generated files; its supergraph is what clients rely on."""
_SUPERGRAPH = "supergraph.graphql"


def changes_between(old: Path, new: Path) -> tuple[Change, ...]:
    """Each a supergraph's SDL, an API's, or a folder with `supergraph.graphql`. The gravest first. Raises StartupError."""
    return find_changes(_read(old), _read(new))


def _read(path: Path) -> GraphQLSchema:
    file = path / _SUPERGRAPH if path.is_dir() else path
    try:
        return read_schema(read_text(file))
    except InvalidSchema as error:
        raise StartupError(f"{file} is no schema: {error}") from error
