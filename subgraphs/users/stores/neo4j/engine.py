"""What the server has to have: constraints and indexes, without which nothing is unique and everything is slow.

A name ends in its version: what changes gets a new name, and stands beside the old one until an operator drops that.
"""

from collections.abc import Sequence
from typing import LiteralString

import structlog
from neo4j.exceptions import Neo4jError

from murmur.engines import Report
from murmur.errors import Unavailable
from subgraphs.users.stores.neo4j import cypher
from subgraphs.users.stores.neo4j.database import Database

NEEDED: tuple[LiteralString, ...] = (
    "CONSTRAINT murmur_user_id_1 FOR (u:User) REQUIRE u.id IS UNIQUE",
    "CONSTRAINT murmur_user_handle_1 FOR (u:User) REQUIRE u.handle_key IS UNIQUE",
    "CONSTRAINT murmur_account_1 FOR (a:Account) REQUIRE a.user_id IS UNIQUE",
    # Positions of follows are unique in each list that they stand in, or a page could not tell two apart.
    "CONSTRAINT murmur_follow_1 FOR ()-[f:FOLLOWS]-() REQUIRE (f.source, f.target) IS UNIQUE",
    "CONSTRAINT murmur_following_position_1 FOR ()-[f:FOLLOWS]-() REQUIRE (f.source, f.id) IS UNIQUE",
    "CONSTRAINT murmur_follower_position_1 FOR ()-[f:FOLLOWS]-() REQUIRE (f.target, f.id) IS UNIQUE",
    "INDEX murmur_followers_1 FOR ()-[f:FOLLOWS]-() ON (f.target, f.source)",
    "CONSTRAINT murmur_block_1 FOR ()-[b:BLOCKS]-() REQUIRE (b.source, b.target) IS UNIQUE",
    "CONSTRAINT murmur_mute_1 FOR ()-[m:MUTES]-() REQUIRE (m.source, m.target) IS UNIQUE",
    "CONSTRAINT murmur_event_1 FOR (e:Event) REQUIRE (e.seq, e.key) IS UNIQUE",
)
# Where there is much data already.
_BUILD_SECONDS = 3_600.0

_log = structlog.get_logger()


class Neo4jEngine:
    """`murmur.engines.Engine` for the database of the users store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self) -> Report:
        version, edition = await self._database.read(cypher.VERSION)
        roles, behind = await self._database.read(cypher.ROLES, name=self._database.name)
        lag = f"{behind or 0} transactions" if len(roles) > 1 else None
        return Report("neo4j", f"{version} {edition}", ", ".join(roles), lag, tuple(await self._missing()))

    async def apply(self) -> Sequence[str]:
        made: list[str] = []
        for needed in await self._missing():
            kind, name, definition = needed.split(" ", 2)
            try:
                await self._database.command(f"CREATE {kind} {name} IF NOT EXISTS {definition}", _BUILD_SECONDS)
            except Unavailable as error:
                # Data that contradicts it, for one; what the server refuses is no reason not to make the rest.
                if not isinstance(error.__cause__, Neo4jError):
                    raise
                _log.error("can't be made", what=needed, reason=str(error.__cause__))
                continue
            made.append(needed)
        if made:
            await self._database.command("CALL db.awaitIndexes(3600)", _BUILD_SECONDS)
        return made

    async def _missing(self) -> Sequence[LiteralString]:
        online = await self._database.read(cypher.ONLINE)
        return [needed for needed in NEEDED if needed.split(" ", 2)[1] not in online]
