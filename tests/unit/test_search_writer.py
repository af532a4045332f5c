"""The writer of the embedded index goes on after a commit that failed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tantivy

from subgraphs.search.stores.tantivy_writer import Writer


def _breaking() -> Iterator[tantivy.Document]:
    yield tantivy.Document(key="a")
    raise OSError("no space left on the device")


def test_a_commit_that_failed_holds_up_none_after_it_while_its_error_is_kept(tmp_path: Path) -> None:
    schema = tantivy.SchemaBuilder().add_text_field("key", stored=True, tokenizer_name="raw").build()
    index = tantivy.Index(schema, str(tmp_path))
    writer = Writer(index, tmp_path)
    with pytest.raises(OSError, match="no space") as kept:
        writer.commit((), _breaking())
    writer.commit((), [tantivy.Document(key="b")])
    writer.rest()
    index.reload()
    assert index.searcher().num_docs == 1
    assert kept.value.__traceback__ is not None
