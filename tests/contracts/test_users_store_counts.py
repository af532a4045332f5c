"""Whatever people do to each other, and however much of it at once, the counts equal the edges."""

import asyncio
import tempfile
from collections import Counter
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from murmur.cluster.neo4j import Neo4j
from murmur.errors import Refused
from subgraphs.users.model import ImportedUser
from subgraphs.users.ports import UsersStore
from subgraphs.users.service.graph import FollowGraph
from subgraphs.users.service.imports import Imports
from subgraphs.users.stores.neo4j import Neo4jUsers
from subgraphs.users.wiring import open_store

NOW = 1_760_000_000_000
PEOPLE = (1, 2, 3, 4)
verbs = st.sampled_from(["follow", "follow", "unfollow", "block", "unblock"])
at_once = st.sampled_from([1, 5, 40])
steps = st.lists(st.tuples(verbs, st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=40)


async def act(graph: FollowGraph, verb: str, source: int, target: int) -> None:
    try:
        await getattr(graph, verb)(source, target)
    except Refused:
        return


async def carry_out(store: UsersStore, todo: list[tuple[str, int, int]], at_once: int) -> None:
    ids = count(100).__next__
    try:
        await Imports(store, ids, lambda: NOW).import_users([ImportedUser(handle=f"u{id_}", name="X", id=id_) for id_ in PEOPLE])
        graph = FollowGraph(store, ids, lambda: NOW)
        for start in range(0, len(todo), at_once):
            await asyncio.gather(*(act(graph, *step) for step in todo[start : start + at_once]))
        edges = await store.all_edges("follow", (0, 0), 1000)
        blocks = await store.all_edges("block", (0, 0), 1000)
        users = await store.users(PEOPLE)
    finally:
        await store.close()
    followers, following = Counter(edge.target_id for edge in edges), Counter(edge.source_id for edge in edges)
    assert {id_: users[id_].follower_count for id_ in PEOPLE} == {id_: followers[id_] for id_ in PEOPLE}
    assert {id_: users[id_].following_count for id_ in PEOPLE} == {id_: following[id_] for id_ in PEOPLE}
    follows = {(edge.source_id, edge.target_id) for edge in edges}
    assert not any({(edge.source_id, edge.target_id), (edge.target_id, edge.source_id)} & follows for edge in blocks)


@settings(max_examples=30, deadline=None)
@given(todo=steps, at_once=at_once)
def test_counts_equal_edges_and_no_follow_survives_a_block(todo: list[tuple[str, int, int]], at_once: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(carry_out(open_store("sqlite:", Path(folder)), todo, at_once))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(todo=steps, at_once=at_once)
def test_on_a_real_server_too(neo4j: Neo4j, todo: list[tuple[str, int, int]], at_once: int) -> None:
    async def example() -> None:
        neo4j.clear()
        store = Neo4jUsers(neo4j.url)
        await store.engine.apply()
        await carry_out(store, todo, at_once)

    asyncio.run(example())
