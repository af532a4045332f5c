"""The search index in a folder of this machine, by tantivy.

Several processes may use one folder: one at a time has the writer's place, until another waits for it, and each looks before a
search whether another has committed.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import tantivy
from tantivy import FieldType, Filter, Occur, Order, TextAnalyzerBuilder, Tokenizer

from murmur.errors import StartupError, Unavailable
from murmur.ids import MAX_ID
from murmur.threads import Threads
from subgraphs.search.model import (
    Clause,
    Document,
    From,
    Grade,
    Has,
    Hit,
    Kind,
    Lang,
    Least,
    Mention,
    Phrase,
    Query,
    Since,
    Tag,
    Term,
    To,
    TweetDocument,
    Until,
    Word,
)
from subgraphs.search.stores.tantivy_writer import Writer, alone

T = TypeVar("T")
_VERSION = "1"
"""Of the fields and the analyzer below; another one begins an empty index in a folder of its own."""
_REST_SECONDS = 0.2
"""When nothing is written for so long, another process may write."""
_THREADS = 2
_ONE_TYPO, _TWO_TYPOS = 5, 9
# Scripts without spaces are indexed by the character, and found as phrases of them.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = rf"[{_UNSPACED}]|[\w\p{{M}}&&[^{_UNSPACED}]]+|\p{{So}}"
_NAMES = ("key", "kind", "tags", "mentions", "author", "reply_to", "lang")
_NUMBERS = ("id", "person_id", "at", "likes", "retweets", "links", "reply")


class TantivyIndex:
    """`SearchIndex` in the folder at `path`. Raises StartupError when it can't be opened."""

    def __init__(self, path: Path) -> None:
        folder = path / _VERSION
        builder = tantivy.SchemaBuilder()
        for name in _NAMES:
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
        for name in _NUMBERS:
            builder.add_unsigned_field(name, indexed=True, fast=True)
        builder.add_text_field("text", tokenizer_name="words")
        self._schema = builder.build()
        self._words = TextAnalyzerBuilder(Tokenizer.regex(_TOKEN)).filter(Filter.lowercase()).filter(Filter.ascii_fold()).build()
        self._meta = folder / "meta.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with alone(path):
                self._index = tantivy.Index(self._schema, str(folder))
            self._index.register_tokenizer("words", self._words)
            self._seen = (0, 0)
        except (OSError, ValueError) as error:
            raise StartupError(f"can't open the search index in {path}: {error}") from error
        self._writer = Writer(self._index, path)
        self._resting: asyncio.TimerHandle | None = None
        # Searches do not wait for commits.
        self._writing = Threads(1, "write search index")
        self._reading = Threads(_THREADS, "read search index")

    async def put(self, documents: Sequence[Document]) -> None:
        if documents:
            fields = {_key_of(document): document for document in documents}
            await self._write(fields, [_fields(key, document) for key, document in fields.items()])

    async def remove(self, kind: Kind, ids: Collection[int]) -> None:
        if ids:
            await self._write([_key(kind, id_) for id_ in ids], ())

    async def find(self, kind: Kind, query: Query, grades: Sequence[Grade | None], below: int, limit: int) -> Sequence[Hit]:
        return await self._run(self._reading, partial(self._find, kind, query, grades, below, limit))

    async def ids(self, kind: Kind, above: int, limit: int) -> Sequence[int]:
        def work() -> Sequence[int]:
            wanted = tantivy.Query.boolean_query(self._between(kind, above + 1, MAX_ID + 1))
            found = self._searcher().search(wanted, limit, count=False, order_by_field="id", order=Order.Asc)
            return [id_ for id_, _ in found.hits]

        return await self._run(self._reading, work)

    async def close(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
            await self._writing.run(self._writer.rest)
        await self._writing.close()
        await self._reading.close()

    async def _run(self, threads: Threads, work: Callable[[], T]) -> T:
        try:
            return await threads.run(work)
        except (OSError, ValueError) as error:
            raise Unavailable(f"the search index does not answer: {error}") from error

    async def _write(self, keys: Collection[str], documents: Sequence[tantivy.Document]) -> None:
        if self._resting is not None:
            self._resting.cancel()
        try:
            await self._run(self._writing, partial(self._writer.commit, keys, documents))
        finally:
            loop = asyncio.get_running_loop()
            self._resting = loop.call_later(_REST_SECONDS, self._writing.hand_over, self._writer.rest)

    def _searcher(self) -> tantivy.Searcher:
        meta = self._meta.stat()
        committed = (meta.st_mtime_ns, meta.st_ino)
        if committed != self._seen:
            self._index.reload()
            self._seen = committed
        return self._index.searcher()

    def _find(self, kind: Kind, query: Query, grades: Sequence[Grade | None], below: int, limit: int) -> Sequence[Hit]:
        hits: list[Hit] = []
        searcher = self._searcher()
        for grade in grades:
            wanted = self._graded(kind, query, grade, below)
            order = Order.Desc
            found = searcher.search(wanted, limit - len(hits), count=False, order_by_field="id", order=order).hits
            people = searcher.fast_field_values("person_id", [address for _, address in found])
            hits += [Hit(kind, id_, int(person or 0), grade) for (id_, _), person in zip(found, people, strict=True)]
            if len(hits) >= limit:
                break
            below = MAX_ID + 1
        return hits

    def _graded(self, kind: Kind, query: Query, grade: Grade | None, below: int) -> tantivy.Query:
        wanted = self._between(kind, 0, below)
        wanted += self._clauses(query, loose=grade is not Grade.EXACT)
        if grade is Grade.LOOSE:
            everything = (Occur.Must, tantivy.Query.all_query())
            wanted.append((Occur.MustNot, tantivy.Query.boolean_query([everything, *self._clauses(query, loose=False)])))
        return tantivy.Query.boolean_query(wanted)

    def _clauses(self, query: Query, *, loose: bool) -> list[tuple[Occur, tantivy.Query]]:
        last = (query.last_word,)
        return [
            (Occur.MustNot, self._clause(clause, None))
            if clause.negated
            else (Occur.Must, self._clause(clause, last if loose else None))
            for clause in query.clauses
        ]

    def _clause(self, clause: Clause, loose: tuple[Word | None] | None) -> tantivy.Query:
        """`loose` has the word that may be the beginning of one, where words may differ at all."""
        return _any([self._matches(term, loose) for term in clause.any_of])

    def _matches(self, term: Term, loose: tuple[Word | None] | None) -> tantivy.Query:
        match term:
            case Word() | Phrase():
                words = self._words.analyze(term.text)
                if loose is None or isinstance(term, Phrase) or len(words) != 1:
                    return self._together(words)
                return self._like(words[0], begins=term is loose[0])
            case Tag():
                return self._term("tags", term.tag)
            case Mention():
                return self._term("mentions", term.handle)
            case From():
                return self._term("author", term.handle)
            case To():
                return self._term("reply_to", term.handle)
            case Lang():
                return self._term("lang", term.code)
            case Since():
                return self._range("at", term.at, MAX_ID)
            case Until():
                return self._range("at", 0, term.at)
            case Least():
                return self._range(term.what, term.count, MAX_ID)
            case Has():
                return self._range(term.what, 1, 2)

    def _together(self, words: Sequence[str]) -> tantivy.Query:
        match words:
            case []:
                return tantivy.Query.empty_query()
            case [word]:
                return self._term("text", word)
            case _:
                return tantivy.Query.phrase_query(self._schema, "text", list(words))

    def _like(self, word: str, *, begins: bool) -> tantivy.Query:
        typos = (len(word) >= _ONE_TYPO) + (len(word) >= _TWO_TYPOS)
        if not typos and not begins:
            return self._term("text", word)
        return tantivy.Query.fuzzy_term_query(self._schema, "text", word, typos, prefix=begins)

    def _term(self, field: str, value: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, value)

    def _range(self, field: str, from_: int, below: int) -> tantivy.Query:
        kind = FieldType.Unsigned
        return tantivy.Query.range_query(self._schema, field, kind, max(from_, 0), max(below, 0), include_upper=False)

    def _between(self, kind: Kind, from_: int, below: int) -> list[tuple[Occur, tantivy.Query]]:
        of_kind = [(Occur.Must, self._term("kind", kind))]
        return of_kind if from_ == 0 and below > MAX_ID else [*of_kind, (Occur.Must, self._range("id", from_, below))]


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(Occur.Should, query) for query in queries])


def _key(kind: Kind, id_: int) -> str:
    return f"{kind}:{id_}"


def _key_of(document: Document) -> str:
    return _key(Kind.TWEET if isinstance(document, TweetDocument) else Kind.PERSON, document.id)


def _fields(key: str, document: Document) -> tantivy.Document:
    fields = tantivy.Document()
    fields.add_text("key", key)
    fields.add_unsigned("id", document.id)
    fields.add_unsigned("at", max(document.at, 0))
    if isinstance(document, TweetDocument):
        fields.add_text("kind", Kind.TWEET)
        fields.add_text("text", document.text)
        fields.add_text("author", document.author)
        fields.add_unsigned("person_id", document.author_id)
        for name, values in (("tags", document.tags), ("mentions", document.mentions)):
            for value in values:
                fields.add_text(name, value)
        for name, value in (("reply_to", document.reply_to), ("lang", document.lang)):
            if value is not None:
                fields.add_text(name, value)
        for name in ("likes", "retweets", "links", "reply"):
            fields.add_unsigned(name, int(getattr(document, name)))
    else:
        fields.add_text("kind", Kind.PERSON)
        # Apart from each other, so that no phrase goes from one into the next.
        for text in (document.name, document.handle, document.bio):
            if text is not None:
                fields.add_text("text", text)
        fields.add_text("mentions", document.handle.lower())
        fields.add_unsigned("person_id", document.id)
    return fields
