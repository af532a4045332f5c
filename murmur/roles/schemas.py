"""The subgraphs' schemas, the supergraph composed of them, and the generated files of `schema/`."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from graphql import GraphQLSchema, print_schema
from strawberry.federation import Schema

from gateway.edge.client import manifest
from gateway.federation.composition import CompositionFailed, SubgraphSdl, compose
from gateway.federation.supergraph import Supergraph, load_supergraph
from gateway.partners.model import Document
from gateway.partners.service import read_documents
from murmur.errors import StartupError
from subgraphs.analytics.schema import build_schema as analytics_schema
from subgraphs.notifications.schema import build_schema as notifications_schema
from subgraphs.search.schema import build_schema as search_schema
from subgraphs.timelines.schema import build_schema as timelines_schema
from subgraphs.tweets.schema import build_schema as tweets_schema
from subgraphs.users.schema import build_schema as users_schema

SCHEMAS: Mapping[str, Callable[[], Schema]] = {
    "users": users_schema,
    "tweets": tweets_schema,
    "timelines": timelines_schema,
    "notifications": notifications_schema,
    "search": search_schema,
    "analytics": analytics_schema,
}
OPERATIONS = "operations"
"""The folder of the platform's own documents, in the folder of the schema."""
PORTS: Mapping[str, int] = {
    "users": 4001,
    "tweets": 4002,
    "timelines": 4003,
    "notifications": 4004,
    "search": 4005,
    "analytics": 4006,
}
"""Where `murmur subgraph NAME` listens when no port is given, and what the supergraph in `schema/` says."""


def default_url(name: str, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{PORTS[name]}/graphql"


def composed(subgraphs: list[SubgraphSdl]) -> str:
    """The supergraph's SDL. Raises StartupError with every composition error, one a line."""
    try:
        return compose(subgraphs)
    except CompositionFailed as failed:
        lines = [f"{error.code}: {error.message}" for error in failed.errors]
        raise StartupError("the subgraphs do not compose:\n" + "\n".join(lines)) from failed


def generated() -> Iterator[tuple[str, str]]:
    """The files of `schema/` as (name, text): each subgraph's SDL, the supergraph, and the public API."""
    subgraphs = [SubgraphSdl(name, default_url(name), build().as_str().strip() + "\n") for name, build in SCHEMAS.items()]
    for subgraph in subgraphs:
        yield f"{subgraph.name}.graphql", subgraph.sdl
    supergraph = composed(subgraphs)
    yield "supergraph.graphql", supergraph
    yield "api.graphql", print_schema(load_supergraph(supergraph).api_schema).strip() + "\n"


def own_supergraph() -> Supergraph:
    """Murmur's own, composed from the code."""
    return load_supergraph(dict(generated())["supergraph.graphql"])


def write_generated(folder: Path) -> list[Path]:
    """Write the files that differ and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = stale(folder)
    for path, text in changed.items():
        path.write_text(text)
    return list(changed)


def stale(folder: Path) -> dict[Path, str]:
    """The generated files that are missing or differ from what the code says, with what they should hold.

    They are those of `folder`, and the manifest of the documents in its folder `operations`, where there is one. Raises
    StartupError for documents that the API can't run.
    """
    files = {folder / name: text for name, text in generated()}
    if (folder / OPERATIONS).is_dir():
        files[manifest.FILE] = manifest.written(_documents(folder / OPERATIONS, own_supergraph().api_schema))
    return {path: text for path, text in files.items() if not path.exists() or path.read_text() != text}


def _documents(folder: Path, schema: GraphQLSchema) -> Sequence[Document]:
    documents, problems = read_documents([(str(file), file.read_text()) for file in sorted(folder.glob("*.graphql"))], schema)
    problems = [
        *problems,
        *(f"two documents are named {name}" for name, count in Counter(each.name for each in documents).items() if count > 1),
    ]
    if problems:
        raise StartupError("\n".join(problems))
    return documents
