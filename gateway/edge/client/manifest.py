"""The platform's own documents, those of `schema/operations/`, as they are packaged with the gateway."""

from collections.abc import Sequence
from pathlib import Path

import orjson

from gateway.partners.model import Document

FILE = Path(__file__).with_name("operations.json")
"""Written by `murmur schema export`."""


def own_documents() -> tuple[Document, ...]:
    return tuple(Document(each["id"], each["name"], each["document"]) for each in orjson.loads(FILE.read_bytes()))


def written(documents: Sequence[Document]) -> str:
    """The text of the file, by name."""
    rows = [{"name": each.name, "id": each.id, "document": each.text} for each in sorted(documents, key=lambda each: each.name)]
    return orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n"
