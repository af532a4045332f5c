"""No statement of the users store on Neo4j looks at more than it needs, however large the graph is."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from neo4j import Session

from murmur.cluster.neo4j import Neo4j
from subgraphs.users.stores.neo4j import Neo4jUsers, cypher

STATEMENTS = {name: text for name, text in vars(cypher).items() if name.isupper() and not name.startswith("_")}
OF_THE_SERVER = {"VERSION", "ROLES", "ONLINE"}
STAR, SOMEBODY, FAN = 1, 2, 3
MANY, FEW = 20_000, 60
PAGE = 21
BLOCK, TOP = 1_000_000, 2**62
"""The positions of a person's follows start at as many blocks as the person's number."""


@pytest.fixture
async def session(neo4j: Neo4j) -> Iterator[Session]:
    store = Neo4jUsers(neo4j.url)
    await store.engine.apply()
    await store.close()
    with neo4j.driver() as driver, driver.session() as opened:
        yield opened


@pytest.fixture
def crowded(session: Session) -> Session:
    """The star has many followers and follows many people, somebody else has and follows a page or two."""
    session.run("UNWIND range(1, $n) AS i CREATE (:User {id: i, handle: 'u' + i, handle_key: 'u' + i})", n=MANY + 100).consume()
    for person, followers in ((STAR, MANY), (SOMEBODY, FEW)):
        given = {"person": person, "first": person * BLOCK, "followers": followers, "following": max(followers // 10, FEW)}
        session.run(_FOLLOWERS, given).consume()
        session.run(_FOLLOWING, given).consume()
    return session


_FOLLOWERS = """
UNWIND range(10, 9 + $followers) AS i MATCH (s:User {id: i}) MATCH (t:User {id: $person})
CREATE (s)-[:FOLLOWS {id: $first + i, source: i, target: $person}]->(t)
"""
_FOLLOWING = """
UNWIND range(10, 9 + $following) AS i MATCH (s:User {id: $person}) MATCH (t:User {id: i})
CREATE (s)-[:FOLLOWS {id: $first + i, source: $person, target: i}]->(t)
"""


def operators(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("children", ()):
        yield from operators(child)


# What is counted can't be in the order of an index; and an export sorts two pages that are in order already.
SORTING = {"FOLLOWED_BY": {"Filter", "Top"}, "FOLLOWS_AFTER": {"Top"}, "BLOCKS_AFTER": {"Top"}, "MUTES_AFTER": {"Top"}}


def searching(session: Session) -> dict[str, set[str]]:
    """Which statements read more than they return, and how."""
    found: dict[str, set[str]] = {}
    for name in STATEMENTS.keys() - OF_THE_SERVER:
        plan = session.run("EXPLAIN " + STATEMENTS[name], given={}).consume().plan
        assert plan is not None
        names = {operator["operatorType"].partition("@")[0] for operator in operators(plan)}
        found[name] = {name for name in names if re.search("Scan|Expand|Filter|Top|Sort", name)} - SORTING.get(name, set())
    assert len(found) > 30
    return {name: names for name, names in found.items() if names}


def test_every_statement_finds_what_it_looks_for_by_an_index_in_a_small_graph(session: Session) -> None:
    assert searching(session) == {}


def test_the_adapter_sends_no_other_statement() -> None:
    for file in Path(str(cypher.__file__)).parent.glob("*.py"):
        if file.name != "cypher.py":
            assert not re.search(r"\b(MATCH|MERGE|UNWIND)\b", file.read_text()), file.name


def hits(session: Session, statement: str, **given: object) -> tuple[int, int]:
    """How often a statement asked the store for something, and how many rows it found. What it does is undone."""
    with session.begin_transaction() as transaction:
        result = transaction.run("PROFILE " + statement, given=given)  # type: ignore[arg-type]
        value = result.single(strict=True)[0]
        profile = result.consume().profile
        transaction.rollback()
    assert profile is not None
    return sum(operator.get("dbHits", 0) for operator in operators(profile)), len(value) if isinstance(value, list) else 0


def test_a_page_costs_the_same_for_a_celebrity(crowded: Session) -> None:
    assert searching(crowded) == {}
    for newest, oldest in (
        (cypher.NEWEST_FOLLOWERS, cypher.OLDEST_FOLLOWERS),
        (cypher.NEWEST_FOLLOWING, cypher.OLDEST_FOLLOWING),
    ):
        pages = [
            hits(crowded, statement, listings=[[0, of, below, above]], limit=PAGE)
            for statement in (newest, oldest)
            for of, below, above in (
                (SOMEBODY, TOP, -1),
                (STAR, TOP, -1),
                (STAR, STAR * BLOCK + MANY // 2, -1),
                (STAR, TOP, STAR * BLOCK + MANY // 100),
            )
        ]
        assert pages[0][1] == PAGE
        assert set(pages) == {pages[0]}


def test_fanout_reads_the_last_followers_of_a_celebrity_as_fast_as_the_first(crowded: Session) -> None:
    pages = [
        hits(crowded, cypher.FOLLOWERS_AFTER, user_id=of, after=after, limit=PAGE)
        for of, after in ((SOMEBODY, 0), (STAR, 0), (STAR, MANY // 2), (STAR, MANY - 2 * PAGE))
    ]
    assert pages[0][1] == PAGE
    assert set(pages) == {pages[0]}


def test_everything_else_costs_the_same_for_a_celebrity(crowded: Session) -> None:
    fans = list(range(10, 10 + FEW))
    nothing = {"ended_follows": [], "ended_blocks": [], "follows": [], "blocks": [], "last_events": [], "events": []}

    def pair(of: int) -> dict[str, object]:
        return {"follows": [[10, of]], "blocks": [[FAN, of], [of, FAN]]}

    asked: dict[str, Callable[[int], dict[str, object]]] = {
        "FOLLOWEES": lambda of: {"user_id": of, "limit": PAGE},
        "FOLLOWER_COUNTS": lambda of: {"ids": [of]},
        "USERS": lambda of: {"ids": [of]},
        "RELATIONS": lambda of: {"viewer": of, "ids": fans},
        "FOLLOWED_BY": lambda of: {"ids": [of], "newest": PAGE, "without": [], "limit": PAGE},
        "LOCK_FOLLOWS": lambda of: pair(of) | {"locks": [FAN], "others": [of], "spans": [[FAN, of, 9 * BLOCK, 9 * BLOCK + 64]]},
        "LOCK_BLOCKS": lambda of: pair(of) | {"locks": [FAN, of], "others": []},
        "CHANGE_FOLLOWS": lambda of: nothing | {"follows": [[9 * BLOCK, FAN, of]]},
        "CHANGE_BLOCKS": lambda of: nothing | {"ended_follows": [[10, of]], "blocks": [[9 * BLOCK, FAN, of]]},
    }
    for name, given in asked.items():
        celebrity, somebody = (hits(crowded, STATEMENTS[name], **given(of)) for of in (STAR, SOMEBODY))
        assert celebrity[1] == somebody[1], name
        # Whatever the engine keeps for a node with many edges is a hit or two more or less, whatever their number.
        assert abs(celebrity[0] - somebody[0]) <= 2, name
