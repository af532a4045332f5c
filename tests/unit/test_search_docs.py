"""The examples of docs/search.md find what it says."""

from datetime import UTC, datetime
from pathlib import Path

from murmur.ids import MAX_ID
from murmur.text import read_text
from subgraphs.search.model import Kind, TweetDocument
from subgraphs.search.service import parse
from subgraphs.tweets.service.language import Languages
from tests.support.search_indexes import empty_index

PAGE = Path(__file__).parents[2] / "docs" / "search.md"


def rows(columns: int) -> list[list[str]]:
    """The rows of the tables with so many columns, without their heads."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines() if line.startswith("|")
    ]
    return [row for row in cells if len(row) == columns and row[0] not in ("tweet", "query", "---")]


def documents() -> list[TweetDocument]:
    made: list[TweetDocument] = []
    languages = Languages()
    for number, author, day, likes, retweets, text in rows(6):
        read = read_text(text)
        found = read.entities
        mentions = tuple(span.value for span in found.mentions)
        made.append(
            TweetDocument(
                id=int(number),
                author_id=1,
                author=author,
                at=int(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC).timestamp()) * 1_000,
                text=text,
                tags=tuple(span.value for span in found.hashtags),
                mentions=mentions,
                reply=bool(mentions),
                reply_to=mentions[0] if mentions else None,
                links=bool(found.links),
                lang=languages(read),
                likes=int(likes),
                retweets=int(retweets),
            )
        )
    return made


async def test_each_example_finds_what_the_page_says(tmp_path: Path) -> None:
    examples = rows(3)
    assert len(examples) >= 15
    async with empty_index("tantivy", tmp_path) as index:
        await index.put(documents())
        for query, told, _ in examples:
            hits = await index.find(Kind.TWEET, parse(query.strip("`")), [None], MAX_ID + 1, 10)
            assert ", ".join(str(hit.id) for hit in hits) == told, query


def test_each_operator_has_an_example() -> None:
    shown = " ".join(query for query, *_ in rows(3))
    operators = ("from:", "to:", "since:", "until:", "min_likes:", "min_retweets:", "has:links", "is:reply", "lang:")
    for operator in (*operators, "OR", "-", '"', "#", "@"):
        assert operator in shown
