"""Profiles, accounts and the follow graph in a Neo4j database."""

from subgraphs.users.stores.neo4j.accounts import Neo4jAccounts
from subgraphs.users.stores.neo4j.database import Database
from subgraphs.users.stores.neo4j.engine import Neo4jEngine
from subgraphs.users.stores.neo4j.graph import Neo4jGraph
from subgraphs.users.stores.neo4j.outbox import Neo4jOutbox
from subgraphs.users.stores.neo4j.profiles import Neo4jProfiles


class Neo4jUsers(Neo4jProfiles, Neo4jAccounts, Neo4jGraph):
    """`UsersStore` on the database of a URL, which `engine.apply` prepares. Raises StartupError for a URL that can't be read."""

    def __init__(self, url: str) -> None:
        super().__init__(Database(url))
        self.engine = Neo4jEngine(self._database)
        self.outbox = Neo4jOutbox(self._database)

    async def close(self) -> None:
        await self._database.close()
