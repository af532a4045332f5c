"""What the resolvers of one request share: the service, the store's reads and the loaders that batch them."""

from collections import defaultdict
from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from murmur import relation
from murmur.cursors import Window
from murmur.identity import Caller
from murmur.relation import Relation
from murmur.runtime.context import RequestContext
from subgraphs.users.model import Neighbour, User
from subgraphs.users.ports import Side, UsersStore
from subgraphs.users.service import UsersService

_MAX_BATCH = 1_000


class UsersContext(RequestContext):
    """Each loader makes one call of the store for whatever is asked for in one turn of the event loop."""

    def __init__(self, caller: Caller, service: UsersService, store: UsersStore) -> None:
        super().__init__(caller)
        self.service = service
        self.store = store
        self.users: DataLoader[int, User | None] = DataLoader(self._load_users, max_batch_size=_MAX_BATCH)
        self.users_by_handle: DataLoader[str, User | None] = DataLoader(self._load_handles, max_batch_size=_MAX_BATCH)
        self.relations: DataLoader[int, Relation] = DataLoader(self._load_relations, max_batch_size=_MAX_BATCH)
        self.neighbours: DataLoader[tuple[Side, int, Window], Sequence[Neighbour]] = DataLoader(
            self._load_neighbours, max_batch_size=_MAX_BATCH
        )

    async def _load_users(self, ids: list[int]) -> Sequence[User | None]:
        found = await self.store.users(ids)
        return [found.get(id_) for id_ in ids]

    async def _load_handles(self, handles: list[str]) -> Sequence[User | None]:
        found = await self.store.users_of_handles(handles)
        return [found.get(handle) for handle in handles]

    async def _load_relations(self, ids: list[int]) -> Sequence[Relation]:
        if self.viewer_id is None:
            return [relation.STRANGERS] * len(ids)
        found = await self.store.relations(self.viewer_id, ids)
        return [found.get(id_, relation.STRANGERS) for id_ in ids]

    async def _load_neighbours(self, keys: list[tuple[Side, int, Window]]) -> Sequence[Sequence[Neighbour]]:
        # One call for each page that the operation asks for, of however many people.
        asked: dict[tuple[Side, Window], list[int]] = defaultdict(list)
        for side, user_id, window in keys:
            asked[side, window].append(user_id)
        found = {
            (side, window): await self.store.neighbours(side, user_ids, window, self.viewer_id)
            for (side, window), user_ids in asked.items()
        }
        return [found[side, window].get(user_id, ()) for side, user_id, window in keys]
